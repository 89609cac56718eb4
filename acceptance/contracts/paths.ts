/** What is published of the system, by path below docs/contracts: plain JSON, or a GraphQL schema as text. */
export type Documents = ReadonlyMap<string, unknown>;

export const ASYNC_API = 'asyncapi.json';
export const ADMIN_API = 'admin.openapi.json';
/** What is published under each routing key. */
export const MESSAGES = 'integration-events';
/** What stands in the log. */
export const EVENTS = 'events';
/** What each side answers. */
export const COMMAND_GRAPHQL = 'command-side.graphql';
export const QUERY_GRAPHQL = 'query-side.graphql';

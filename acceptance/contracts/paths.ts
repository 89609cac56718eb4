/** What is published of the system, by path below docs/contracts. Every value is plain JSON. */
export type Documents = ReadonlyMap<string, unknown>;

export const ASYNC_API = 'asyncapi.json';
export const ADMIN_API = 'admin.openapi.json';
/** What is published under each routing key. */
export const MESSAGES = 'integration-events';
/** What stands in the log. */
export const EVENTS = 'events';

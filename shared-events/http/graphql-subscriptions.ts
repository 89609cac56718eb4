import type { IncomingMessage } from 'node:http';
import {
  type FormattedExecutionResult,
  GraphQLError,
  OperationTypeNode,
  getOperationAST,
  parse,
} from 'graphql';
import {
  CORRELATION_HEADER,
  type Context,
  type LogSink,
  TRACE_HEADER,
  contextOf,
  runInContext,
} from '../transport/observability.js';
import { formatError } from './graphql-errors.js';

/** A connection as graphql-ws has it: over the `ws` server its extra holds the request that it began with. */
interface Connection {
  readonly extra: unknown;
}
interface Payload {
  readonly query: string;
  readonly operationName?: string | null | undefined;
}
interface Result {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

/**
 * What graphql-ws is told: subscriptions and nothing else, since Apollo, which guards the other operations, sees
 * nothing of what comes this way. No page of another origin may connect. Errors are those of HTTP, under the
 * correlation id that the connection began with.
 */
export function subscriptionsOnly(logger: LogSink) {
  const contexts = new WeakMap<Connection, Context>();
  const format = formatError(logger);
  const formatAll = (
    connection: Connection,
    errors: readonly GraphQLError[],
    codeOf: (error: GraphQLError) => string,
  ) =>
    runInContext(contextFor(contexts, connection), () =>
      errors.map((error) => {
        const { extensions, ...plain } = error.toJSON();
        return format({ ...plain, extensions: { code: codeOf(error), ...extensions } }, error);
      }),
    );
  return {
    onConnect: (connection: Connection): boolean => isSameOrigin(requestOf(connection)),
    onSubscribe: (_connection: Connection, _id: string, payload: Payload) => refusalOf(payload),
    /** The operation was refused before it ran. */
    onError: (connection: Connection, _id: string, _payload: Payload, errors: readonly GraphQLError[]) =>
      formatAll(connection, errors, () => 'GRAPHQL_VALIDATION_FAILED'),
    /** A value, or what kept it from being made. */
    onNext: (
      connection: Connection,
      _id: string,
      _payload: Payload,
      _args: unknown,
      { data, errors }: Result,
    ): FormattedExecutionResult | undefined =>
      errors && { data: data ?? null, errors: formatAll(connection, errors, codeOfResult) },
  };
}

/** A resolver's error is at a place in the answer; one that is at none is about the variables. */
const codeOfResult = ({ path }: GraphQLError): string =>
  path === undefined ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';

/** Undefined for a subscription, which goes on to be validated. */
function refusalOf({ query, operationName }: Payload): readonly GraphQLError[] | undefined {
  try {
    const operation = getOperationAST(parse(query), operationName);
    if (!operation) return [refusal('no such operation', 'OPERATION_RESOLUTION_FAILURE')];
    if (operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
    return [refusal('only subscriptions come this way: queries and mutations go over HTTP', 'BAD_REQUEST')];
  } catch (error) {
    return [refusal(error instanceof Error ? error.message : String(error), 'GRAPHQL_PARSE_FAILED')];
  }
}

const refusal = (message: string, code: string) => new GraphQLError(message, { extensions: { code } });

function requestOf({ extra }: Connection): IncomingMessage | undefined {
  const hasRequest = typeof extra === 'object' && extra !== null && 'request' in extra;
  return hasRequest ? (extra.request as IncomingMessage) : undefined;
}

/** Browsers name the page's origin in every upgrade, and other programs need not. */
function isSameOrigin(request: IncomingMessage | undefined): boolean {
  const { origin, host } = request?.headers ?? {};
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** One for all of a connection. */
function contextFor(contexts: WeakMap<Connection, Context>, connection: Connection): Context {
  const headers = requestOf(connection)?.headers;
  const context =
    contexts.get(connection) ?? contextOf(headers?.[CORRELATION_HEADER], headers?.[TRACE_HEADER]);
  contexts.set(connection, context);
  return context;
}

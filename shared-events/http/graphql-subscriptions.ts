import type { IncomingMessage } from 'node:http';
import {
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
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
import type { Callers } from './access/callers.js';
import { codeOf } from './access/refusal-answers.js';
import { formatError } from './graphql-errors.js';
import { parseOptions, tooCostly } from './limits/query-limits.js';

/** A connection as graphql-ws has it over the `ws` server. */
interface Connection {
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  /** By their ids. */
  readonly subscriptions: Readonly<Record<string, unknown>>;
  readonly extra: unknown;
}
/** Its extra: the request that it began with, and the socket. */
interface Upgraded {
  readonly request: IncomingMessage;
  readonly socket: { close(code: number, reason: string): void };
}
interface Payload {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}
interface Result {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

interface Subscribed {
  readonly schema: GraphQLSchema;
  readonly isSchemaHidden: boolean;
  readonly callers: Callers;
  readonly logger: LogSink;
}

/** So long a connection may take to say who it is. */
const INIT_MS = 3_000;
const MOST_SUBSCRIPTIONS = 5;
/** Of graphql-ws: https://github.com/enisdenny/graphql-ws/blob/master/PROTOCOL.md */
const UNAUTHORIZED = 4401;

/**
 * What graphql-ws is told: subscriptions and nothing else, since Apollo, which guards the other operations, sees
 * nothing of what comes this way. No page of another origin may connect, and nobody who does not say who they are; a
 * connection ends with the token that it began with. Errors are those of HTTP, under the correlation id that the
 * connection began with.
 */
export function subscriptionsOnly({ schema, isSchemaHidden, callers, logger }: Subscribed) {
  const contexts = new WeakMap<Connection, Context>();
  const ends = new WeakMap<Connection, NodeJS.Timeout>();
  const format = formatError(logger);
  const formatAll = (
    connection: Connection,
    errors: readonly GraphQLError[],
    codeOf: (error: GraphQLError) => string,
  ) =>
    runInContext(contextFor(contexts, connection), () =>
      errors.map((error) => {
        const { extensions, ...told } = error.toJSON();
        const plain = isSchemaHidden ? { ...told, message: withoutHint(told.message) } : told;
        return format({ ...plain, extensions: { code: codeOf(error), ...extensions } }, error);
      }),
    );
  return {
    connectionInitWaitTimeout: INIT_MS,
    /** False: it is closed with 4403. */
    onConnect: async (connection: Connection): Promise<boolean> => {
      if (!isSameOrigin(requestOf(connection))) return false;
      try {
        const { expiresAt } = await callers.identify(connection, authorizationOf(connection));
        ends.set(
          connection,
          endedAt(expiresAt, () => close(connection, 'the token or key has expired')),
        );
        return true;
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
        close(connection, (error as Error).message);
        return false;
      }
    },
    onClose: (connection: Connection): void => clearTimeout(ends.get(connection)),
    onSubscribe: (connection: Connection, _id: string, payload: Payload) =>
      Object.keys(connection.subscriptions).length > MOST_SUBSCRIPTIONS
        ? [refusal(`at most ${MOST_SUBSCRIPTIONS} subscriptions a connection`, 'TOO_MANY_SUBSCRIPTIONS')]
        : refusalOf(schema, payload),
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

/** As Apollo does over HTTP. */
const withoutHint = (message: string): string => message.replace(/ ?Did you mean .+\?$/, '');

/** A resolver's error is at a place in the answer; one that is at none is about the variables. */
const codeOfResult = ({ path }: GraphQLError): string =>
  path === undefined ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';

/** Undefined for a subscription, which goes on to be validated. */
function refusalOf(
  schema: GraphQLSchema,
  { query, operationName, variables }: Payload,
): readonly GraphQLError[] | undefined {
  try {
    const document = parse(query, parseOptions);
    const operation = getOperationAST(document, operationName);
    if (!operation) return [refusal('no such operation', 'OPERATION_RESOLUTION_FAILURE')];
    const costly = tooCostly(schema, { document, operationName, variables });
    if (operation.operation === OperationTypeNode.SUBSCRIPTION) return costly && [costly];
    return [refusal('only subscriptions come this way: queries and mutations go over HTTP', 'BAD_REQUEST')];
  } catch (error) {
    return [refusal(error instanceof Error ? error.message : String(error), 'GRAPHQL_PARSE_FAILED')];
  }
}

const refusal = (message: string, code: string) => new GraphQLError(message, { extensions: { code } });

function upgraded({ extra }: Connection): Upgraded | undefined {
  const isUpgraded = typeof extra === 'object' && extra !== null && 'request' in extra && 'socket' in extra;
  return isUpgraded ? (extra as Upgraded) : undefined;
}
const requestOf = (connection: Connection) => upgraded(connection)?.request;

const close = (connection: Connection, why: string): void =>
  upgraded(connection)?.socket.close(UNAUTHORIZED, why);

/** Browsers cannot set headers of an upgrade: they say it in the first message. */
function authorizationOf(connection: Connection): string | undefined {
  const { connectionParams = {} } = connection;
  const said = Object.entries(connectionParams).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return typeof said === 'string' ? said : requestOf(connection)?.headers.authorization;
}

/** Longer than this a timer cannot wait: it is set anew. */
const LONGEST_TIMER_MS = 2_147_483_647;

function endedAt(instant: number, end: () => void): NodeJS.Timeout {
  const left = Math.max(0, instant - Date.now());
  const timer = setTimeout(
    () => (left > LONGEST_TIMER_MS ? void endedAt(instant, end) : end()),
    Math.min(left, LONGEST_TIMER_MS),
  );
  return timer.unref();
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

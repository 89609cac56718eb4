import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import { type Logger, type LoggerOptions, pino, stdSerializers, stdTimeFunctions } from 'pino';
import { type HttpLogger, pinoHttp } from 'pino-http';
import type { z } from 'zod';
import { CorrelationId, Traceparent } from '../contracts/envelope.js';
import { loggedPath } from './secret-paths.js';

/** What the transport needs of a logger: pino's shape. */
export type LogSink = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** What a request, a message or an event carries along with everything that it causes. */
export interface Context {
  readonly correlationId: string;
  /** W3C Trace Context of the span that is the parent of what happens next. */
  readonly traceparent: string;
}

export const CORRELATION_HEADER = 'x-correlation-id';
export const TRACE_HEADER = 'traceparent';

const contexts = new AsyncLocalStorage<Context>();

export const currentContext = (): Context | undefined => contexts.getStore();
export const runInContext = <T>(context: Context, work: () => T): T => contexts.run(context, work);

/** A context from what came in; what is missing or malformed is made anew, never passed on. */
export function contextOf(correlationId: unknown, traceparent: unknown): Context {
  return {
    correlationId: accepted(CorrelationId, correlationId) ?? randomUUID(),
    traceparent: accepted(Traceparent, traceparent) ?? newTraceparent(),
  };
}

/** What is absent is not parsed: the error that a parse would make costs more than the rest of a request's context. */
const accepted = (schema: z.ZodType<string>, value: unknown): string | undefined =>
  typeof value === 'string' ? schema.safeParse(value).data : undefined;

const newTraceparent = (): string =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;

/**
 * Takes the caller's correlation id over, or makes one, and answers with it; what the server's framework says of
 * itself is nobody's business.
 */
export function correlation(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const context = contextOf(request.headers[CORRELATION_HEADER], request.headers[TRACE_HEADER]);
  response.removeHeader('x-powered-by');
  response.setHeader(CORRELATION_HEADER, context.correlationId);
  runInContext(context, next);
}

/** Field names whose values never reach a log, at the top level or one below. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'paymentMethod',
  'EVENTSTORE_URL',
  'RABBITMQ_URL',
  'DATABASE_URL',
  'PAYMENT_WEBHOOK_SECRET',
];

export interface LoggerSettings {
  /** Which part of the system is speaking, e.g. `command-side`. */
  readonly name: string;
  readonly level: string;
}

/** JSON lines on standard output with level names, ISO times and the correlation id of the current context. */
export function createLogger({ name, level }: LoggerSettings): Logger {
  const options: LoggerOptions = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: stdSerializers.err },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
      censor: '[redacted]',
    },
    mixin: () => {
      const context = currentContext();
      return context ? { correlationId: context.correlationId } : {};
    },
  };
  return pino(options);
}

const withCorrelation = ({ id }: IncomingMessage, _response: ServerResponse, line: object) => ({
  ...line,
  correlationId: id,
});

/**
 * One line a request, without headers, bodies and secret ends of paths; health checks and scrapes are not news. The
 * middleware next to `correlation`: what comes after them may refuse a request, as the reading of its body does.
 */
export function accessLog(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    genReqId: () => currentContext()?.correlationId ?? randomUUID(),
    autoLogging: { ignore: ({ url = '' }) => url.startsWith('/health') || url.startsWith('/metrics') },
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId' },
    // A request that its caller gave up ends outside of every context.
    customSuccessObject: withCorrelation,
    customErrorObject: (request, response, _error, line: object) => withCorrelation(request, response, line),
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: loggedPath(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  });
}

/** The first of the middleware of every application: the line of a request bears its correlation id. */
export const requestLogging = (logger: Logger) => [correlation, accessLog(logger)];

/** For `LoggerModule.forRoot`: what the framework says goes to the same log. Its own middleware would come too late. */
export const frameworkLogging = (logger: Logger): Params => ({ pinoHttp: { logger }, forRoutes: [] });

import { unwrapResolverError } from '@apollo/server/errors';
import type { FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import { type LogSink, currentContext } from '../transport/observability.js';

/** Codes of errors that say nothing but what the caller may know. */
const PUBLIC_CODES = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INVALID_CURSOR',
  'OPERATION_RESOLUTION_FAILURE',
  'SERVICE_UNAVAILABLE',
]);

/**
 * Errors as callers see them: a code, a message, the correlation id. What is not known to be harmless is logged
 * and answered as INTERNAL_SERVER_ERROR without saying what it was.
 */
export const formatError =
  (logger: LogSink) =>
  (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { message, locations, path } = formatted;
    const correlationId = currentContext()?.correlationId;
    const extensions = (code: unknown) => ({
      code,
      ...(correlationId === undefined ? {} : { correlationId }),
    });
    const where = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
    const code = formatted.extensions?.['code'];
    if (typeof code === 'string' && PUBLIC_CODES.has(code)) {
      return { message, ...where, extensions: extensions(code) };
    }
    logger.error({ err: unwrapResolverError(error), path }, 'a request failed');
    return { message: 'Internal server error', ...where, extensions: extensions('INTERNAL_SERVER_ERROR') };
  };

interface Result {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

/** The same for graphql-ws, which Apollo does not see. */
export function subscriptionErrors(logger: LogSink) {
  const format = formatError(logger);
  const formatAll = (errors: readonly GraphQLError[], code: string) =>
    errors.map((error) => {
      const { extensions, ...plain } = error.toJSON();
      return format({ ...plain, extensions: { code, ...extensions } }, error);
    });
  return {
    /** The operation was refused before it ran. */
    onError: (_context: unknown, _id: string, _payload: unknown, errors: readonly GraphQLError[]) =>
      formatAll(errors, 'GRAPHQL_VALIDATION_FAILED'),
    /** A value, or what kept it from being made. */
    onNext: (
      _context: unknown,
      _id: string,
      _payload: unknown,
      _args: unknown,
      { data, errors }: Result,
    ): FormattedExecutionResult | undefined =>
      errors && { data: data ?? null, errors: formatAll(errors, 'INTERNAL_SERVER_ERROR') },
  };
}

import { unwrapResolverError } from '@apollo/server/errors';
import type { GraphQLFormattedError } from 'graphql';
import { type LogSink, currentContext } from '../transport/observability.js';

/** Codes of errors that say nothing but what the caller may know. */
const PUBLIC_CODES = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INVALID_CURSOR',
  'OPERATION_RESOLUTION_FAILURE',
  'QUERY_TOO_COSTLY',
  'SERVICE_UNAVAILABLE',
  'TOO_MANY_SUBSCRIPTIONS',
  'UNAUTHENTICATED',
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

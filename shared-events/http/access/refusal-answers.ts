import { HttpStatus } from '@nestjs/common';
import { GraphQLError } from 'graphql';
import { ProblemException } from '../problem-details.js';
import { Forbidden, KeysUnavailable, Unauthenticated } from './refusals.js';

/** How a refusal reads in GraphQL. Anything else is no refusal, and stays what it is. */
export function graphqlRefusal(error: unknown): unknown {
  const code = codeOf(error);
  return code === undefined ? error : new GraphQLError((error as Error).message, { extensions: { code } });
}

export function codeOf(error: unknown): string | undefined {
  if (error instanceof Unauthenticated) return 'UNAUTHENTICATED';
  if (error instanceof Forbidden) return 'FORBIDDEN';
  return error instanceof KeysUnavailable ? 'SERVICE_UNAVAILABLE' : undefined;
}

/** How it reads in HTTP (RFC 9457, RFC 6750). */
export function problemRefusal(error: unknown): unknown {
  if (error instanceof Unauthenticated)
    return problem('unauthenticated', 'It is not known who asks', HttpStatus.UNAUTHORIZED, error.message);
  if (error instanceof Forbidden) return problem('forbidden', 'You may not do that', HttpStatus.FORBIDDEN);
  if (error instanceof KeysUnavailable)
    return problem(
      'unavailable',
      'Not possible at the moment',
      HttpStatus.SERVICE_UNAVAILABLE,
      error.message,
    );
  return error;
}

const problem = (type: string, title: string, status: number, detail?: string): ProblemException =>
  new ProblemException({
    type: `/problems/${type}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
  });

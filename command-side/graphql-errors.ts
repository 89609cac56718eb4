import { Catch, Logger } from '@nestjs/common';
import type { GqlExceptionFilter } from '@nestjs/graphql';
import { GraphQLError } from 'graphql';
import { isOutage } from './outage.js';

/** What the caller can only wait for. Anything else goes on as it is, to be masked where the answer is made. */
@Catch()
export class OutageFilter implements GqlExceptionFilter {
  readonly #logger = new Logger('Commands');

  catch(error: unknown): unknown {
    if (!isOutage(error)) return error;
    this.#logger.warn({ err: error }, 'a command could not be carried out');
    return new GraphQLError('not possible at the moment; the same request may be sent again', {
      extensions: { code: 'SERVICE_UNAVAILABLE' },
    });
  }
}

import { Catch, Logger } from '@nestjs/common';
import type { GqlExceptionFilter } from '@nestjs/graphql';
import { GraphQLError } from 'graphql';
import { isUnavailable } from '../database/unavailable.js';
import { InvalidCursor } from '../paging/cursor.js';
import { InvalidPage } from '../paging/page.js';
import { InvalidInput } from './input.js';

/** What the caller can put right. */
@Catch(InvalidCursor, InvalidPage, InvalidInput)
export class BadInputFilter implements GqlExceptionFilter {
  catch(error: InvalidCursor | InvalidPage | InvalidInput): GraphQLError {
    const code = error instanceof InvalidCursor ? 'INVALID_CURSOR' : 'BAD_USER_INPUT';
    return new GraphQLError(error.message, { extensions: { code } });
  }
}

/** What the caller can only wait for. Anything else goes on as it is, to be masked where the answer is made. */
@Catch()
export class OutageFilter implements GqlExceptionFilter {
  readonly #logger = new Logger('ReadModels');

  catch(error: unknown): unknown {
    if (!isUnavailable(error)) return error;
    this.#logger.warn({ err: error }, 'the read models cannot be read');
    return new GraphQLError('the read models cannot be read at the moment', {
      extensions: { code: 'SERVICE_UNAVAILABLE' },
    });
  }
}

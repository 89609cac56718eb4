import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { currentContext } from '@orders/shared-events/transport/observability.js';

interface Request {
  readonly originalUrl: string;
}
interface Response {
  status(code: number): Response;
  json(body: object): void;
}

/**
 * A request that never became GraphQL, e.g. a body that is no JSON, or too much of it: answered in GraphQL's
 * shape, since that is what its sender reads. For `APP_FILTER` of the process's root module.
 */
@Catch(HttpException)
export class MalformedRequestFilter extends BaseExceptionFilter<HttpException> {
  override catch(error: HttpException, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return error;
    const http = host.switchToHttp();
    if (http.getRequest<Request>().originalUrl.startsWith('/graphql'))
      answer(error, http.getResponse<Response>());
    else super.catch(error, host);
    return undefined;
  }
}

function answer(error: HttpException, response: Response): void {
  const correlationId = currentContext()?.correlationId;
  const extensions = { code: 'BAD_REQUEST', ...(correlationId === undefined ? {} : { correlationId }) };
  const message = 'the request cannot be read';
  response.status(error.getStatus()).json({ errors: [{ message, extensions }] });
}

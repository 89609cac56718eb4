import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { currentContext } from '../transport/observability.js';

/** The part of Express' request and response that is used. */
interface Request {
  readonly path: string;
}
interface Response {
  status(code: number): { json(body: object): void };
}

/**
 * A body that never becomes a GraphQL request, because it is no JSON or too large, is refused in the words of
 * GraphQL: an error with a code. To be provided as APP_FILTER; all other errors go their usual way.
 */
@Catch(HttpException)
export class MalformedRequestFilter extends BaseExceptionFilter<HttpException> {
  override catch(error: HttpException, host: ArgumentsHost): unknown {
    if (host.getType<string>() !== 'http') return error;
    const http = host.switchToHttp();
    if (http.getRequest<Request>().path !== '/graphql') return super.catch(error, host);
    const correlationId = currentContext()?.correlationId;
    const extensions = { code: 'BAD_REQUEST', ...(correlationId === undefined ? {} : { correlationId }) };
    return http
      .getResponse<Response>()
      .status(error.getStatus())
      .json({ errors: [{ message: `the request body cannot be read: ${error.message}`, extensions }] });
  }
}

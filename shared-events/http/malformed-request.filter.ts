import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { currentContext } from '../transport/observability.js';
import { answerWithProblem, problemOf } from './problem-details.js';

/** The part of Express' request and response that is used. */
interface Request {
  readonly path: string;
}
interface Response {
  status(code: number): { json(body: object): void };
}

/**
 * What never comes to a resolver or a controller, because its body is no JSON or too large, or because there is no such
 * path, is refused in the words of GraphQL where GraphQL is, and with problem details elsewhere. To be provided as
 * APP_FILTER; all other errors go their usual way.
 */
@Catch(HttpException)
export class MalformedRequestFilter extends BaseExceptionFilter<HttpException> {
  override catch(error: HttpException, host: ArgumentsHost): unknown {
    if (host.getType<string>() !== 'http') return error;
    const http = host.switchToHttp();
    const isRefused = error.getStatus() < 500;
    if (http.getRequest<Request>().path !== '/graphql')
      return isRefused ? answerWithProblem(problemOf(error), host) : super.catch(error, host);
    const correlationId = currentContext()?.correlationId;
    const extensions = { code: 'BAD_REQUEST', ...(correlationId === undefined ? {} : { correlationId }) };
    return http
      .getResponse<Response>()
      .status(error.getStatus())
      .json({ errors: [{ message: `the request body cannot be read: ${error.message}`, extensions }] });
  }
}

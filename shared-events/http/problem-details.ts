import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  HttpStatus,
  ServiceUnavailableException,
} from '@nestjs/common';
import { z } from 'zod';
import { type LogSink, currentContext } from '../transport/observability.js';
import { isOutage } from '../transport/outage.js';

/** RFC 9457. `type` is stable for programs to go by; `detail` is for people. */
export const Problem = z.object({
  type: z.string().meta({ example: '/problems/process-not-found' }),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  /** The request's path. */
  instance: z.string(),
  correlationId: z.string().optional(),
  /** Of a request that is wrong: where, and what is wrong there. */
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What is needed of Express' response. */
interface HttpResponse {
  status(code: number): this;
  setHeader(name: string, value: string): this;
  contentType(type: string): this;
  send(body: string): this;
}

type Told = Omit<Problem, 'instance' | 'correlationId'>;

/** What a controller throws; anything else is an internal error, of which the caller is told nothing. */
export class ProblemException extends Error {
  override readonly name = 'ProblemException';

  constructor(readonly problem: Told) {
    super(problem.title);
  }
}

export const notFound = (what: string, title: string): ProblemException =>
  new ProblemException({ type: `/problems/${what}-not-found`, title, status: HttpStatus.NOT_FOUND });

export const badRequest = (issues: readonly Pick<z.core.$ZodIssue, 'path' | 'message'>[]): ProblemException =>
  new ProblemException({
    type: '/problems/bad-request',
    title: 'The request is wrong',
    status: HttpStatus.BAD_REQUEST,
    errors: issues.map(({ path, message }) => ({ field: path.join('.'), message })),
  });

/** What was refused before any controller saw it: no such path, a body that cannot be read. */
export function problemOf(error: HttpException): Told {
  const status = error.getStatus();
  return { type: `/problems/http-${status}`, title: HttpStatus[status] ?? 'Refused', status };
}

const SERVICE_UNAVAILABLE: number = HttpStatus.SERVICE_UNAVAILABLE;
const UNAUTHORIZED: number = HttpStatus.UNAUTHORIZED;
/** Seconds after which a request that could not be answered may be sent again. */
const RETRY_AFTER_S = '5';

export function answerWithProblem(problem: Told, host: ArgumentsHost): void {
  const http = host.switchToHttp();
  const correlationId = currentContext()?.correlationId;
  const response = http.getResponse<HttpResponse>();
  if (problem.status === SERVICE_UNAVAILABLE) response.setHeader('retry-after', RETRY_AFTER_S);
  if (problem.status === UNAUTHORIZED) response.setHeader('www-authenticate', 'Bearer');
  response
    .status(problem.status)
    .contentType('application/problem+json')
    .send(
      JSON.stringify({
        ...problem,
        instance: http.getRequest<{ path: string }>().path,
        ...(correlationId === undefined ? {} : { correlationId }),
      }),
    );
}

/** The health check's answer: it names what fails. */
function answerAsItIs(error: HttpException, response: HttpResponse): void {
  response
    .status(error.getStatus())
    .contentType('application/json')
    .send(JSON.stringify(error.getResponse()));
}

@Catch()
export class ProblemDetails implements ExceptionFilter {
  /** @param isAway tells what the caller can only wait for from what is wrong */
  constructor(
    private readonly logger: LogSink,
    private readonly isAway: (error: unknown) => boolean = isOutage,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (error instanceof ServiceUnavailableException)
      return answerAsItIs(error, host.switchToHttp().getResponse());
    answerWithProblem(this.#problemOf(error), host);
  }

  #problemOf(error: unknown): Told {
    if (error instanceof ProblemException) return error.problem;
    if (error instanceof HttpException && error.getStatus() < 500) return problemOf(error);
    if (this.isAway(error)) {
      this.logger.warn({ err: error }, 'a request could not be answered');
      return {
        type: '/problems/unavailable',
        title: 'Not possible at the moment',
        status: HttpStatus.SERVICE_UNAVAILABLE,
        detail: 'Something that this needs does not answer; /health/ready names it.',
      };
    }
    this.logger.error({ err: error }, 'unexpected error');
    return { type: '/problems/internal', title: 'Something failed here', status: 500 };
  }
}

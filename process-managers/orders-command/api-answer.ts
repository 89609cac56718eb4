import { exitCodes } from '@orders/shared-events/transport/command-line.js';
import { Interrupted } from '@orders/shared-events/transport/interruption.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { NotRunning } from '@orders/shared-events/transport/running-system.js';
import { z } from 'zod';

/** RFC 9457, as far as it is told to people. */
const Problem = z.object({
  type: z.string().default(''),
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).default([]),
});
type Problem = z.infer<typeof Problem>;

/** An API has answered, and it is no success. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';

  /** @param body as it was answered */
  constructor(
    message: string,
    readonly exitCode: number,
    readonly body: unknown,
  ) {
    super(message);
  }
}

/** Something answers, and it does not speak as the API does. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

/** Decodes what an API answered. Throws NotUnderstood. */
export function decoded<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new NotUnderstood(`the answer is not what this command knows: ${oneLine(parsed.error)}`);
}

const UNAUTHORIZED = 401;

export function refusalOf(status: number, body: unknown): ApiRefusal {
  const problem = Problem.safeParse(body).data ?? { type: '', title: `It answered ${status}`, errors: [] };
  const hint = status === UNAUTHORIZED ? '; ORDERS_TOKEN says it' : '';
  return new ApiRefusal(told(problem) + hint, exitCodeOf(status, problem), body);
}

function told({ title, detail, errors }: Problem): string {
  const fields = errors.map(({ field, message }) => `${field} ${message}`);
  return oneLine([title, ...(detail === undefined ? [] : [detail]), ...fields].join('. '));
}

function exitCodeOf(status: number, { type }: Problem): number {
  if (type === '/problems/process-unreadable') return exitCodes.unreadable;
  switch (status) {
    case 400:
      return exitCodes.usage;
    case 401:
    case 403:
      return exitCodes.notAllowed;
    case 404:
      return exitCodes.notFound;
    case 409:
    case 412:
    case 422:
    case 428:
      return exitCodes.refused;
    case 502:
    case 503:
    case 504:
      return exitCodes.unreachable;
    default:
      return exitCodes.failed;
  }
}

/** @param token undefined: the API will say that it wants one */
export const bearer = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

export interface Exchange {
  /** What answers, for whoever waits in vain. */
  readonly name: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** What to know where it was asked, and has not answered. */
  readonly unanswered?: string | undefined;
}

/** A request over HTTP, within its deadline. Throws NotRunning where nothing answers, and Interrupted. */
export async function exchange(url: URL, init: RequestInit, how: Exchange) {
  const deadline = AbortSignal.timeout(how.deadlineMs);
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([how.signal, deadline]) });
    return { response, body: readable(await response.text()) };
  } catch (error) {
    if (how.signal.aborted) throw new Interrupted(undefined, { cause: error });
    const late = deadline.aborted ? ` within ${how.deadlineMs / 1_000} s` : '';
    const known = how.unanswered === undefined || wasNeverAsked(error) ? '' : `; ${how.unanswered}`;
    const message = `${how.name} does not answer${late} at ${url.origin}${known}`;
    throw new NotRunning(message, { cause: error });
  }
}

const Refused = z.object({ cause: z.object({ code: z.enum(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']) }) });
const wasNeverAsked = (error: unknown): boolean => Refused.safeParse(error).success;

function readable(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

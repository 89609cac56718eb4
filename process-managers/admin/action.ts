import { type ExecutionContext, HttpCode, applyDecorators, createParamDecorator } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Actor } from '@orders/shared-events/contracts/envelope.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { callerIn } from '@orders/shared-events/http/access/access.guard.js';
import { ProblemException, badRequest } from '@orders/shared-events/http/problem-details.js';
import { contextOf, currentContext } from '@orders/shared-events/transport/observability.js';
import { z } from 'zod';
import type { OperatorRequest } from '../operator-request.js';
import { type Documentation, Documented, type Problems, schemaOf } from './documented.js';

/** Why somebody does it: it stands in the log. */
export const ActionBody = z.object({
  reason: lineOfText(500).meta({
    description: 'Why you do it: it stands in the log.',
    example: 'TICKET-4711',
  }),
});

export const ActionQuery = z.object({
  dryRun: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true')
    .meta({ description: 'true: says what would be appended and sent, and does nothing.' }),
});

/** The headers of an action; `ifMatch` undefined: whatever the state is. */
export interface ActionHeaders {
  readonly key: string;
  readonly ifMatch: string | undefined;
  /** Who does it. */
  readonly actor: Actor;
}

const Key = z
  .string({ error: 'is required: any text of your own that is the same when you repeat the request' })
  .regex(/^[\x21-\x7e]{1,128}$/, { error: 'must be 1 to 128 visible characters of ASCII' });
const ETag = z
  .string()
  .regex(/^(\*|"[\x21\x23-\x7e]+")$/, { error: 'must be an ETag of this API, in quotes, or *' });

/** Throws 400, or 428 (RFC 6585) where a caller does not say which state it has seen. */
export const Conditions = createParamDecorator((_data: unknown, context: ExecutionContext): ActionHeaders => {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
  const key = checked('idempotency-key', Key, headers['idempotency-key']);
  if (headers['if-match'] === undefined) throw preconditionRequired();
  const ifMatch = checked('if-match', ETag, headers['if-match']);
  const { actor } = callerIn(context);
  return { key, ifMatch: ifMatch === '*' ? undefined : ifMatch.slice(1, -1), actor };
});

/** The same of what has no ETag: a state that a caller names is never its own (412, RFC 9110), and not passed over. */
export const Unconditional = Conditions({
  transform: (headers: ActionHeaders): ActionHeaders => {
    if (headers.ifMatch !== undefined) throw stateless();
    return headers;
  },
});

function checked(name: string, schema: z.ZodType<string>, value: unknown): string {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRequest(parsed.error.issues.map(({ message }) => ({ path: [name], message })));
}

const preconditionRequired = (): ProblemException =>
  new ProblemException({
    type: '/problems/precondition-required',
    title: 'Say which state you have seen',
    status: 428,
    detail: 'If-Match with the ETag of what you have read, or * for whatever it is.',
  });

const stateless = (): ProblemException =>
  new ProblemException({
    type: '/problems/changed-meanwhile',
    title: 'It has no state that could be seen',
    status: 412,
    detail: 'If-Match is * here.',
  });

export const requestOf = (
  { key, actor }: ActionHeaders,
  { reason }: z.infer<typeof ActionBody>,
): OperatorRequest => ({
  ...{ key, actor, reason },
  context: currentContext() ?? contextOf(undefined, undefined),
});

/** What has changed since the caller has read it. @param etag of the state as it is now */
export const stale = (etag: string): ProblemException =>
  new ProblemException({
    type: '/problems/changed-meanwhile',
    title: 'It has changed since you have read it',
    status: 412,
    detail: `It is at ${etag} now.`,
  });

export const keyReused = (): ProblemException =>
  new ProblemException({
    type: '/problems/idempotency-key-reused',
    title: 'Something else was asked for under this key',
    status: 422,
  });

export const conflict = (type: string, title: string, detail?: string): ProblemException =>
  new ProblemException({
    type: `/problems/${type}`,
    title,
    status: 409,
    ...(detail === undefined ? {} : { detail }),
  });

/** Of a 409 of an action. */
export const CANNOT = 'It cannot be done in this state; `type` says why';

const actionProblems: Problems = {
  412: ['changed-meanwhile', 'It has changed since the caller has read it'],
  422: ['idempotency-key-reused', 'Something else was asked for under this key'],
  428: ['precondition-required', 'The caller does not say which state it has seen'],
};

const SEEN_STATE = {
  schema: { ...schemaOf(ETag), example: '"12"' },
  description: 'The ETag of what you have read; * for whatever it is.',
};
const ANY_STATE = {
  schema: { ...schemaOf(ETag), example: '*' },
  description: 'Always *: what this is about has no ETag, and whatever is named is answered with 412.',
};

type ActionDocumentation = Omit<Documentation, 'body' | 'query'> &
  Partial<Pick<Documentation, 'body' | 'query'>> & {
    /** What it is about has no ETag: it takes `@Unconditional`. */
    readonly isUnconditional?: boolean;
  };

/** An operation that changes something: under a key, of a state that the caller has seen, with a reason. */
export const DocumentedAction = ({
  problems,
  isUnconditional = false,
  ...documentation
}: ActionDocumentation) =>
  applyDecorators(
    HttpCode(200),
    ApiHeader({
      ...{ name: 'Idempotency-Key', required: true, schema: { ...schemaOf(Key), example: 'ticket-4711-1' } },
      description: 'Yours, of this request: a repeat under it does nothing more, and is answered likewise.',
    }),
    ApiHeader({ name: 'If-Match', required: true, ...(isUnconditional ? ANY_STATE : SEEN_STATE) }),
    Documented({
      ...{ body: ActionBody, query: ActionQuery },
      ...documentation,
      scope: 'operations:write',
      problems: { ...actionProblems, ...problems },
    }),
  );

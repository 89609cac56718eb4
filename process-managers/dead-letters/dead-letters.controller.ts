import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { MOST_LETTERS } from '@orders/shared-events/contracts/deadLetters.events.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { z } from 'zod';
import {
  ActionBody,
  CANNOT,
  type ActionHeaders,
  ActionQuery,
  Conditions,
  DocumentedAction,
  Unconditional,
  conflict,
  keyReused,
  requestOf,
  stale,
} from '../admin/action.js';
import { MessagesResult, appendedOf } from '../admin/action-result.js';
import { Documented, Valid } from '../admin/documented.js';
import { type Response, etagOf, revisionIn } from '../admin/etag.js';
import { Instant } from '../admin/fields.js';
import { byAge, nextPage, pageOf, paging } from '../admin/paging.js';
import { DeadLetterRequests, type DeadLettersOutcome, type Sending } from './dead-letter-requests.js';
import { DeadLetters, deadLetterStates } from './dead-letters.table.js';
import { jsonIn } from './requeue.js';

const summary = {
  id: z.uuid(),
  origin: z.enum(['queue', 'unknown correlation', 'not translated']).meta({
    description:
      'unknown correlation: an event that belongs to nothing known; it was parked before. not translated: an event that the outside was to be told of, and that cannot be read.',
  }),
  queue: z.string().meta({
    example: 'commands.payment',
    description:
      '`log` for an event that belongs to nothing known, `integration-events` for one that could not be told.',
  }),
  type: z.string().nullable(),
  routingKey: z.string().meta({ example: 'payment.CapturePayment' }),
  reason: z.string().meta({ example: 'data.amount: Expected number, received string' }),
  attempts: z.int(),
  times: z.int().meta({ description: 'How often this message died.' }),
  firstFailureAt: Instant,
  lastFailureAt: Instant,
  receivedAt: Instant,
  state: z
    .enum(deadLetterStates)
    .meta({ description: 'open: nobody has decided yet; one that dies again is open again.' }),
  version: z.int().meta({ description: 'Rises with everything that happens to it.' }),
};
const Page = z.object({ deadLetters: z.array(z.object(summary)), next: nextPage });
const Details = z.object({
  ...summary,
  headers: z.record(z.string(), z.unknown()).meta({ example: { 'x-correlation-id': 'checkout-17' } }),
  content: z.unknown().meta({ description: 'As it was sent: JSON where it was JSON, else text.' }),
});

const common = {
  queue: lineOfText(255).optional().meta({ example: 'commands.payment' }),
  type: lineOfText(255).optional().meta({ example: 'CapturePayment' }),
  origin: summary.origin.optional(),
  reasonContains: lineOfText(500)
    .optional()
    .meta({ description: 'A part of the reason, in any case.', example: 'expected number' }),
};
const Filter = z.object({
  state: z.enum(deadLetterStates).default('open'),
  ...common,
  ...paging(byAge),
});
const Path = z.object({ id: z.uuid() });

const MANY = 100;
const Requeue = ActionBody.extend({
  content: z
    .unknown()
    .optional()
    .meta({ description: 'JSON that is sent in place of its own content; a command must be one.' }),
});
const Chosen = ActionBody.extend({
  ...common,
  limit: z
    .int()
    .min(1)
    .max(MOST_LETTERS)
    .default(MANY)
    .meta({ description: 'So many at most, the newest first.' }),
});

const oneProblems = { 404: ['dead-letter-not-found', 'There is no such dead letter'] } as const;
const SETTLED = { 409: ['dead-letter-settled', CANNOT] } as const;
const NONE = { 409: ['no-such-dead-letters', CANNOT] } as const;

@ApiTags('dead letters')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(
    private readonly deadLetters: DeadLetters,
    private readonly requests: DeadLetterRequests,
  ) {}

  @Get()
  @Documented({ summary: 'Messages that came to nothing, newest first', query: Filter, response: Page })
  async list(
    @Query(new Valid(Filter)) { first, after, ...filter }: z.output<typeof Filter>,
  ): Promise<z.infer<typeof Page>> {
    const behind = after && { receivedAt: after[0], id: after[1] };
    const rows = await this.deadLetters.list(first + 1, behind, filter);
    const { page, next } = pageOf(rows, first, ({ receivedAt, id }) => [receivedAt, id]);
    return { deadLetters: page, next };
  }

  @Get(':id')
  @Documented({
    summary: 'One dead letter with its content',
    params: Path,
    response: Details,
    problems: oneProblems,
  })
  async show(
    @Param(new Valid(Path)) { id }: z.output<typeof Path>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.infer<typeof Details>> {
    const deadLetter = await this.deadLetters.show(id);
    if (!deadLetter) throw notFound('dead-letter', 'There is no such dead letter');
    response.setHeader('etag', etagOf(deadLetter.version));
    return deadLetter;
  }

  @Post('requeue')
  @DocumentedAction({
    isUnconditional: true,
    summary: 'Send open ones again that have something in common',
    description: 'Those that cannot be sent again are left out.',
    body: Chosen,
    response: MessagesResult,
    problems: NONE,
  })
  requeueAll(
    @Unconditional headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(Chosen)) { reason, limit, ...filter }: z.output<typeof Chosen>,
  ): Promise<MessagesResult> {
    const decision = {
      verdict: { kind: 'requeue' } as const,
      request: requestOf(headers, { reason }),
      dryRun,
    };
    return answered(this.requests.all(filter, limit, decision));
  }

  @Post('discard')
  @DocumentedAction({
    isUnconditional: true,
    summary: 'Give up open ones that have something in common',
    description: 'They are kept, and not listed as open any more.',
    body: Chosen,
    response: MessagesResult,
    problems: NONE,
  })
  discardAll(
    @Unconditional headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(Chosen)) { reason, limit, ...filter }: z.output<typeof Chosen>,
  ): Promise<MessagesResult> {
    const decision = {
      verdict: { kind: 'discard' } as const,
      request: requestOf(headers, { reason }),
      dryRun,
    };
    return answered(this.requests.all(filter, limit, decision));
  }

  @Post(':id/requeue')
  @DocumentedAction({
    summary: 'Send one again, with its own content or another',
    description:
      'Straight to the queue in which it died, its attempts counted anew; a command has all of its time again. An event that could not be told is told.',
    ...{ params: Path, body: Requeue, response: MessagesResult, problems: { ...oneProblems, ...SETTLED } },
  })
  requeue(
    @Param(new Valid(Path)) { id }: z.output<typeof Path>,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(Requeue)) { reason, content }: z.output<typeof Requeue>,
  ): Promise<MessagesResult> {
    const edited = content === undefined ? {} : { edited: Buffer.from(JSON.stringify(content)) };
    const verdict = { kind: 'requeue', ...edited } as const;
    const decision = { verdict, request: requestOf(headers, { reason }), dryRun };
    return answered(this.requests.one(id, decision, versionIn(headers)));
  }

  @Post(':id/discard')
  @DocumentedAction({
    summary: 'Give one up',
    description: 'It is kept, and not listed as open any more.',
    ...{ params: Path, response: MessagesResult, problems: { ...oneProblems, ...SETTLED } },
  })
  discard(
    @Param(new Valid(Path)) { id }: z.output<typeof Path>,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(ActionBody)) { reason }: z.output<typeof ActionBody>,
  ): Promise<MessagesResult> {
    const decision = {
      verdict: { kind: 'discard' } as const,
      request: requestOf(headers, { reason }),
      dryRun,
    };
    return answered(this.requests.one(id, decision, versionIn(headers)));
  }
}

function versionIn({ ifMatch }: ActionHeaders): number | undefined {
  const revision = revisionIn(ifMatch);
  return revision === undefined ? undefined : Number(revision);
}

async function answered(asked: Promise<DeadLettersOutcome>): Promise<MessagesResult> {
  const decided = await asked;
  switch (decided.outcome) {
    case 'not found':
      throw notFound('dead-letter', 'There is no such dead letter');
    case 'stale':
      throw stale(etagOf(String(decided.version)));
    case 'settled':
      throw conflict('dead-letter-settled', 'It was sent again or given up before');
    case 'not requeueable':
      throw conflict('dead-letter-not-requeueable', 'It cannot be sent again', decided.why);
    case 'none':
      throw conflict('no-such-dead-letters', 'No open dead letter that can be meant has that in common');
    case 'key reused':
      throw keyReused();
    case 'planned':
    case 'done':
    case 'repeated':
      return {
        outcome: decided.outcome,
        appended: [appendedOf(decided.plan)],
        sent: decided.plan.sends.map(sentOf),
      };
  }
}

const sentOf = ({ letterId, message }: Sending) => ({
  ...{ deadLetterId: letterId, exchange: message.exchange, routingKey: message.routingKey },
  body: jsonIn(message.content) ?? message.content.toString('utf8'),
});

import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Instant } from '@orders/shared-events/contracts/envelope.js';
import { ReplayStretch, RoutingKeyName } from '@orders/shared-events/contracts/forwarderReplay.events.js';
import { LogPosition } from '@orders/shared-events/contracts/ids.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import { badRequest, notFound } from '@orders/shared-events/http/problem-details.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { z } from 'zod';
import {
  ActionBody,
  CANNOT,
  type ActionHeaders,
  ActionQuery,
  DocumentedAction,
  Unconditional,
  conflict,
  keyReused,
  requestOf,
} from '../admin/action.js';
import { MessagesResult, appendedOf } from '../admin/action-result.js';
import { Documented, Valid } from '../admin/documented.js';
import { Position, Reason, Instant as Recorded, RoutingKey } from '../admin/fields.js';
import { byAge, nextPage, pageOf, paging } from '../admin/paging.js';
import { Subscription, subscriptionOf } from '../admin/subscription.js';
import { WorkQueries } from '../admin/work.queries.js';
import { FORWARDER } from './forwarder.js';
import { type Preview, type ReplayOutcome, ReplayRequests } from './replay-requests.js';
import { ReplaysTable } from './replays.table.js';

const Replay = z.object({
  id: z.uuid(),
  state: z.enum(['running', 'done', 'stopped']),
  stretch: ReplayStretch.meta({ example: { from: { position: '4711' }, upTo: '9000' } }),
  routingKeys: z.array(RoutingKey),
  reason: Reason,
  position: Position.nullable().meta({ description: 'How far it has come in the log.' }),
  sent: z.int().meta({ description: 'Messages that the broker has taken; a batch may have gone out twice.' }),
  requestedAt: Recorded,
  endedAt: Recorded.nullable(),
});
const Page = z.object({ replays: z.array(Replay), next: nextPage });
const Filter = z.object(paging(byAge));
const Path = z.object({ id: z.uuid() });

const From = z.union([z.strictObject({ position: LogPosition }), z.strictObject({ time: Instant })]);
const Request = ActionBody.extend({
  from: From.meta({
    description:
      '`position`: of an event in the log, the `sequence` of what was told of it, inclusive. `time`: by the log’s clock; the log is read from its beginning then.',
    example: { position: '4711' },
  }),
  upTo: LogPosition.optional().meta({
    description: 'Inclusive; unless told, what is there now.',
    example: '9000',
  }),
  routingKeys: z
    .array(RoutingKeyName)
    .min(1)
    .default([...RoutingKeyName.options])
    .meta({ description: 'All, unless told.', example: ['order.completed'] }),
});

const Planned = z.object({
  messages: z
    .record(z.string(), z.int())
    .meta({ description: 'How many go out, by routing key.', example: { 'order.completed': 17 } }),
  isComplete: z
    .boolean()
    .meta({ description: 'false: there are more than could be counted in ten seconds.' }),
});
const Result = MessagesResult.extend({
  replayId: z.uuid(),
  planned: Planned.optional().meta({ description: 'What goes out in all; `sent` has the first of it.' }),
});
type Result = z.infer<typeof Result>;

/** Integration events on their way to the outside. */
@ApiTags('forwarder')
@Controller('forwarder')
export class ForwarderController {
  constructor(
    private readonly work: WorkQueries,
    private readonly eventStore: EventStore,
    private readonly replays: ReplaysTable,
    private readonly requests: ReplayRequests,
  ) {}

  @Get()
  @Documented({ summary: 'How far the outside was told', response: Subscription })
  async show(): Promise<z.infer<typeof Subscription>> {
    const head = await this.eventStore.head();
    const row = (await this.work.subscriptions()).find(({ name }) => name === FORWARDER);
    if (!row) throw notFound('forwarder', 'The forwarder has not begun yet');
    return subscriptionOf(row, head);
  }

  @Get('replays')
  @Documented({ summary: 'What was told once more, newest first', query: Filter, response: Page })
  async list(
    @Query(new Valid(Filter)) { first, after }: z.output<typeof Filter>,
  ): Promise<z.infer<typeof Page>> {
    const rows = await this.replays.list(first + 1, after);
    const { page, next } = pageOf(rows, first, ({ requestedAt, id }) => [requestedAt, id]);
    return { replays: page.map((one) => ({ ...one, routingKeys: [...one.routingKeys] })), next };
  }

  @Get('replays/:id')
  @Documented({
    summary: 'One replay, and how far it has come',
    params: Path,
    response: Replay,
    problems: { 404: ['replay-not-found', 'There is no such replay'] },
  })
  async replay(@Param(new Valid(Path)) { id }: z.output<typeof Path>): Promise<z.infer<typeof Replay>> {
    const found = await this.replays.one(id);
    if (!found) throw noSuchReplay();
    return { ...found, routingKeys: [...found.routingKeys] };
  }

  @Post('replays')
  @DocumentedAction({
    isUnconditional: true,
    summary: 'Tell the outside once more what happened',
    description:
      'Each message has its own id again and, as `replayid` and in the header `x-replay-id`, that of the replay. What a dry run says is what goes out where `upTo` is told; without it the log may have grown by then: the event of the dry run has one to tell.',
    body: Request,
    response: Result,
  })
  async request(
    @Unconditional headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(Request)) { reason, from, upTo, routingKeys }: z.output<typeof Request>,
  ): Promise<Result> {
    const stretch = { from, upTo, routingKeys };
    return answered(await this.requests.request(stretch, requestOf(headers, { reason }), dryRun));
  }

  @Post('replays/:id/stop')
  @DocumentedAction({
    isUnconditional: true,
    summary: 'Stop a replay',
    description: 'What has gone out has.',
    params: Path,
    response: Result,
    problems: {
      404: ['replay-not-found', 'There is no such replay'],
      409: ['replay-not-running', CANNOT],
    },
  })
  async stop(
    @Param(new Valid(Path)) { id }: z.output<typeof Path>,
    @Unconditional headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(ActionBody)) body: z.output<typeof ActionBody>,
  ): Promise<Result> {
    return answered(await this.requests.stop(id, requestOf(headers, body), dryRun));
  }
}

const noSuchReplay = () => notFound('replay', 'There is no such replay');

function answered(asked: ReplayOutcome): Result {
  switch (asked.outcome) {
    case 'no such position':
      throw badRequest([{ path: ['from', 'position'], message: 'is not that of an event in the log' }]);
    case 'no such replay':
      throw noSuchReplay();
    case 'not running':
      throw conflict('replay-not-running', 'The replay has ended');
    case 'key reused':
      throw keyReused();
    case 'planned':
    case 'done':
    case 'repeated': {
      const { outcome, requested, preview } = asked;
      const replayId = String(requested.event.data['replayId']);
      const told = preview ? previewOf(preview) : { sent: [] };
      return { outcome, replayId, appended: [appendedOf(requested)], ...told };
    }
  }
}

const previewOf = ({ messages, first, isComplete }: Preview): Pick<Result, 'sent' | 'planned'> => ({
  planned: { messages: { ...messages }, isComplete },
  sent: first.map(({ routingKey, body }) => ({ exchange: INTEGRATION_EVENTS, routingKey, body })),
});

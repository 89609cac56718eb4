import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OrderId, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { z } from 'zod';
import type { StageDurations } from '../order-process/deadlines.js';
import { type Explanation, explain } from '../order-process/explanation.js';
import { type ProcessView, viewOf } from '../order-process/process-view.js';
import { ProcessQueries } from '../order-process/processes.queries.js';
import { QuarantineQueries } from '../quarantine/quarantine.queries.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { conflict } from './action.js';
import { Documented, Valid } from './documented.js';
import { type Response, etagOf } from './etag.js';
import { byAge, nextPage, pageOf, paging } from './paging.js';
import { ProcessDetails, ProcessExplanation, ProcessSummary } from './processes.schema.js';

export const STAGE_DURATIONS = Symbol('STAGE_DURATIONS');

/** A century: further back there is nothing, and soon no date of Postgres. */
const MOST_SECONDS = 3_155_760_000;
const seconds = z.coerce
  .number({ error: 'must be a number of seconds' })
  .positive({ error: 'must be above 0' })
  .max(MOST_SECONDS, { error: `must be at most ${MOST_SECONDS}` })
  .optional();

const Filter = z.object({
  state: z
    .enum([
      ...(['OPEN', 'NEEDS_INTERVENTION', 'PAUSED', 'QUARANTINED', 'STUCK'] as const),
      ...(['FULFILLING', 'UNDOING', 'DONE'] as const),
    ])
    .optional()
    .meta({
      description:
        'STUCK: it does not go on by itself, or nobody has answered it for long. An order that met what cannot be dealt with before its process had begun has none: `/quarantine` lists it.',
    }),
  search: lineOfText(128)
    .optional()
    .meta({ description: 'The beginning of an order id, or a correlation id.' }),
  stage: z.enum([...ProcessStage.options, 'done']).optional(),
  olderThanSeconds: seconds.meta({ description: 'Started at least so long ago.' }),
  inStageForSeconds: seconds.meta({ description: 'In its present stage for at least so long.' }),
  sort: z.enum(['newest', 'oldest']).default('newest'),
  ...paging(byAge),
});
const Page = z.object({ processes: z.array(ProcessSummary), next: nextPage });
const Path = z.object({ orderId: OrderId });

@ApiTags('processes')
@Controller('processes')
export class ProcessesController {
  constructor(
    private readonly processes: ProcessQueries,
    private readonly quarantine: QuarantineQueries,
    private readonly eventStore: EventStore,
    @Inject(STAGE_DURATIONS) private readonly durations: StageDurations,
  ) {}

  @Get()
  @Documented({ summary: 'Order processes by state and age', query: Filter, response: Page })
  async list(@Query(new Valid(Filter)) filter: z.output<typeof Filter>): Promise<z.infer<typeof Page>> {
    const { first, after, sort, ...conditions } = filter;
    const rows = await this.processes.list(
      { ...conditions, behind: after, oldestFirst: sort === 'oldest' },
      first + 1,
    );
    const { page, next } = pageOf(rows, first, ({ startedAt, orderId }) => [startedAt, orderId]);
    return { processes: page, next };
  }

  @Get(':orderId')
  @Documented({
    summary: 'One process: what it waits for, since when, until when, and how it came to that',
    description: "Told from the process's own stream, which is the truth; the list is a projection of it.",
    params: Path,
    response: ProcessDetails,
    problems: {
      404: ['process-not-found', 'There is no process of that order'],
      409: [
        'process-unreadable',
        'This build cannot read the process, or the order is in quarantine and has none',
      ],
    },
  })
  async show(
    @Param(new Valid(Path)) { orderId }: z.output<typeof Path>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ProcessView> {
    const view = await this.#view(orderId);
    response.setHeader('etag', etagOf(view.revision));
    return view;
  }

  @Get(':orderId/explanation')
  @Documented({
    summary: 'Why a process stands where it stands',
    description: 'What it waits for, since when and until when, what comes next, and what led here.',
    params: Path,
    response: ProcessExplanation,
    problems: {
      404: ['process-not-found', 'There is no process of that order'],
      409: [
        'process-unreadable',
        'This build cannot read the process, or the order is in quarantine and has none',
      ],
    },
  })
  async explain(@Param(new Valid(Path)) { orderId }: z.output<typeof Path>): Promise<Explanation> {
    const [view, row, quarantine] = await Promise.all([
      this.#view(orderId),
      this.processes.ofOrder(orderId),
      this.quarantine.ofOrder(orderId),
    ]);
    return explain(view, { asked: row, quarantine });
  }

  async #view(orderId: OrderId): Promise<ProcessView> {
    const view = await viewOf(this.eventStore.readStream(orderProcessStream(orderId)), this.durations);
    if (view) return view;
    const quarantined = await this.quarantine.ofOrder(orderId);
    if (!quarantined) throw notFound('process', 'There is no process of that order');
    throw conflict(
      'order-quarantined',
      'The order is in quarantine',
      `It met what cannot be dealt with before its process had begun: ${quarantined.reason}. Let it go on at /quarantine/${orderId}/release.`,
    );
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { z } from 'zod';
import { Documented, Valid } from './documented.js';
import { Instant, Position } from './fields.js';
import { byAge, nextPage, pageOf, paging } from './paging.js';
import { Subscription, subscriptionOf } from './subscription.js';
import { WorkQueries, timerKinds } from './work.queries.js';

const Subscriptions = z.object({ head: Position, subscriptions: z.array(Subscription) });

/** The host's name, and what no other process has. */
const INSTANCE = 'orders-1-3f9d2c1b';

const Leases = z.object({
  instances: z.array(z.object({ name: z.string().meta({ example: INSTANCE }), seenAt: Instant })),
  leases: z.array(
    z.object({
      name: z.string().meta({ example: 'hearing-03' }),
      holder: z.string().nullable().meta({ example: INSTANCE }),
      token: z.string().meta({ description: 'Rises each time that somebody else takes it.', example: '7' }),
      expiresAt: Instant.nullable(),
      expired: z.boolean(),
    }),
  ),
});

const Timers = z.object({
  timers: z.array(
    z.object({
      orderId: z.uuid(),
      kind: z.enum(timerKinds).meta({
        description:
          'deadline: the stage has taken too long then. resend: what is outstanding is asked for again.',
      }),
      stage: z.string().meta({ example: 'payment' }),
      dueAt: Instant,
      overdue: z.boolean(),
      resends: z.int().meta({ description: 'How often what is outstanding was sent again.' }),
    }),
  ),
  next: nextPage,
});
const TimersFilter = z.object({
  kind: z.enum(timerKinds).default('deadline'),
  overdue: z
    .enum(['true', 'false'])
    .optional()
    .transform((text) => text === 'true')
    .meta({ description: 'true: only what is due already.' }),
  ...paging(byAge),
});

@ApiTags('work')
@Controller()
export class WorkController {
  constructor(
    private readonly work: WorkQueries,
    private readonly eventStore: EventStore,
  ) {}

  @Get('subscriptions')
  @Documented({
    summary: 'How far hearing, the projection of the processes, the forwarder and the read models have come',
    response: Subscriptions,
  })
  async subscriptions(): Promise<z.infer<typeof Subscriptions>> {
    // Read first: what comes in between does not count as lag.
    const head = await this.eventStore.head();
    const rows = [...(await this.work.subscriptions()), ...(await this.work.readModels(head))];
    return {
      head: head.toString(),
      subscriptions: rows.map((row) => subscriptionOf(row, head)),
    };
  }

  @Get('leases')
  @Documented({ summary: 'Which instance does what', response: Leases })
  async leases(): Promise<z.infer<typeof Leases>> {
    const [instances, leases] = await Promise.all([this.work.instances(), this.work.leases()]);
    return { instances, leases };
  }

  @Get('timers')
  @Documented({ summary: 'What is due next, the soonest first', query: TimersFilter, response: Timers })
  async timers(
    @Query(new Valid(TimersFilter)) { kind, overdue, first, after }: z.output<typeof TimersFilter>,
  ): Promise<z.infer<typeof Timers>> {
    const rows = await this.work.timers(kind, { overdue, behind: after }, first + 1);
    const { page, next } = pageOf(rows, first, ({ dueAt, orderId }) => [dueAt, orderId]);
    return { timers: page.map((row) => ({ ...row, kind })), next };
  }
}

import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { z } from 'zod';
import { Documented } from './documented.js';
import { WorkQueries } from './work.queries.js';

const Instant = z.string().meta({ format: 'date-time' });
const Position = z.string().meta({ example: '4711' });

const Subscriptions = z.object({
  head: Position.meta({ description: 'Position of the last event in the log.' }),
  subscriptions: z.array(
    z.object({
      name: z.string().meta({ example: 'hearing-03' }),
      position: Position.nullable(),
      holder: z.string().nullable().meta({ description: 'The instance that does it now.' }),
      movedAt: Instant,
      caughtUpAt: Instant.nullable(),
      lag: z.object({
        positions: Position.meta({ description: 'Distance to the head; of other streams too, so seldom 0.' }),
        seconds: z.number().nullable().meta({
          description:
            'Since nothing was waiting; 5 is normal. Of read models that lack something it is not known here.',
        }),
      }),
    }),
  ),
});

const Leases = z.object({
  instances: z.array(z.object({ name: z.string(), seenAt: Instant })),
  leases: z.array(
    z.object({
      name: z.string(),
      holder: z.string().nullable(),
      token: z.string().meta({ description: 'Rises each time that somebody else takes it.' }),
      expiresAt: Instant.nullable(),
      expired: z.boolean(),
    }),
  ),
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
      subscriptions: rows.map(({ name, position, holder, movedAt, caughtUpAt, secondsBehind }) => ({
        name,
        position,
        holder,
        movedAt,
        caughtUpAt,
        lag: { positions: distance(head, position), seconds: secondsBehind },
      })),
    };
  }

  @Get('leases')
  @Documented({ summary: 'Which instance does what', response: Leases })
  async leases(): Promise<z.infer<typeof Leases>> {
    const [instances, leases] = await Promise.all([this.work.instances(), this.work.leases()]);
    return { instances, leases };
  }
}

function distance(head: bigint, position: string | null): string {
  const behind = head - BigInt(position ?? 0);
  return (behind > 0n ? behind : 0n).toString();
}

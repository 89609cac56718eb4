import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import { Documented, Valid } from '../admin/documented.js';
import { CorrelationId, Instant } from '../admin/fields.js';
import { nextPage, pageOf, paging } from '../admin/paging.js';
import { ParkedQueries } from './parked.queries.js';

/** As Postgres keeps it. */
const Position = z
  .string()
  .regex(/^(0|[1-9]\d{0,17})$/)
  .meta({ example: '4711' });

const Page = z.object({
  parked: z.array(
    z.object({
      position: Position.meta({ description: 'Of the event in the log.' }),
      orderId: OrderId,
      type: z.string().meta({ example: 'ProviderNotificationUnmatched' }),
      awaits: z.string().meta({
        description: 'The stream that it waits for.',
        example: 'payment-2f1d3c0e-9a4b-5c7d-8e6f-0a1b2c3d4e5f',
      }),
      awaitsType: z.string().meta({ description: 'The event in that stream.', example: 'PaymentRequested' }),
      data: z.unknown().meta({ description: 'Of the event, as it stands in the log.' }),
      correlationId: CorrelationId.nullable(),
      parkedAt: Instant,
      dueAt: Instant.meta({ description: 'When it becomes a dead letter.' }),
    }),
  ),
  next: nextPage,
});
const Filter = z.object(paging(Position));

@ApiTags('dead letters')
@Controller('parked')
export class ParkedController {
  constructor(private readonly parked: ParkedQueries) {}

  @Get()
  @Documented({
    summary: 'Events that belong to nothing known and wait for it, newest first',
    description: 'E.g. what the payment provider notified of a payment that nobody asked for.',
    query: Filter,
    response: Page,
  })
  async list(
    @Query(new Valid(Filter)) { first, after }: z.output<typeof Filter>,
  ): Promise<z.infer<typeof Page>> {
    const rows = await this.parked.list(first + 1, after);
    const { page, next } = pageOf(rows, first, ({ position }) => position);
    return { parked: page, next };
  }
}

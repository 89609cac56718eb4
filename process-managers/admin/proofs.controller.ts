import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { z } from 'zod';
import { Documented, Valid } from './documented.js';
import { Currency, Instant } from './fields.js';
import { nextPage, pageOf, paging } from './paging.js';
import { ProofQueries, READ_MODELS } from './proofs.queries.js';

const LedgerFilter = z.object({
  orderId: OrderId.optional(),
  paymentId: PaymentId.optional(),
  ...paging(lineOfText(200)),
});
const Ledger = z.object({
  entries: z.array(
    z.object({
      key: z.string().meta({
        description: "The call's idempotency key.",
        example: '2f1d3c0e-9a4b-5c7d-8e6f-0a1b2c3d4e5f:capture:1',
      }),
      paymentId: z.uuid(),
      orderId: z.uuid(),
      operation: z.enum(['authorize', 'charge', 'capture', 'void', 'refund']),
      amount: z.int().meta({ description: 'Minor units.', example: 2_500 }),
      currency: Currency,
      outcome: z.enum(['succeeded', 'failed', 'lost', 'action_required', 'expired']),
      code: z.string().nullable(),
      reference: z.string().nullable(),
      effects: z.int().meta({ description: 'How often the call took effect. More than 1 would be a fault.' }),
      calls: z.int(),
      firstCalledAt: Instant,
      lastCalledAt: Instant,
    }),
  ),
  next: nextPage,
});

const Hashes = z.object({
  schema: z.literal(READ_MODELS),
  readModels: z.array(
    z.object({
      name: z.string().meta({ example: 'orders' }),
      rows: z.int(),
      hash: z.string().meta({ example: '9e107d9d372bb6826bd81d3542a419d6' }),
    }),
  ),
});

/** Read-only: what somebody needs who wants to see for himself that nothing was charged twice, or rebuilt wrongly. */
@ApiTags('proofs')
@Controller()
export class ProofsController {
  constructor(private readonly proofs: ProofQueries) {}

  @Get('provider/ledger')
  @Documented({
    summary: "The simulated payment provider's own books",
    query: LedgerFilter,
    response: Ledger,
    problems: { 404: ['ledger-not-found', 'Payments are not simulated here'] },
  })
  async ledger(
    @Query(new Valid(LedgerFilter)) { first, after, ...filter }: z.output<typeof LedgerFilter>,
  ): Promise<z.infer<typeof Ledger>> {
    const rows = await this.proofs.ledger({ ...filter, behind: after }, first + 1);
    if (!rows) throw notFound('ledger', 'Payments are not simulated here');
    const { page, next } = pageOf(rows, first, ({ key }) => key);
    return { entries: page, next };
  }

  @Get('read-models/hashes')
  @Documented({
    summary: "Hashes of the read models' rows",
    description: 'Equal rows give equal hashes, whichever build they are in and in whatever order.',
    response: Hashes,
  })
  async hashes(): Promise<z.infer<typeof Hashes>> {
    return { schema: READ_MODELS, readModels: await this.proofs.readModelHashes() };
  }
}

import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { z } from 'zod';
import { operatorActions } from '../order-process/operator-actions.js';
import { linkKinds } from '../order-process/process-view.js';
import { CorrelationId, Currency, Instant, Position, Reason, Sku } from './fields.js';

const Stage = z.enum([...ProcessStage.options, 'done']);
const Status = z.enum(['FULFILLING', 'UNDOING', 'DONE']);

const about = {
  orderId: OrderId,
  definition: z.int().positive().meta({ description: 'The version that it started with.' }),
  status: Status,
  stage: Stage,
  undoReason: z.string().nullable(),
  intervention: z.string().nullable().meta({ description: 'Why an operator is asked for.' }),
  paused: z.boolean().meta({ description: 'By an operator: it asks for nothing, and no deadline counts.' }),
  correlationId: CorrelationId,
  startedAt: Instant,
};

export const ProcessSummary = z.object({
  ...about,
  quarantined: z.boolean().meta({ description: 'It met what cannot be dealt with, and waits alone.' }),
  stageSince: Instant,
  outstanding: z.int().meta({ description: 'Commands that it waits for.' }),
  resends: z.int().meta({ description: 'How often those were sent again.' }),
  nextResendAt: Instant.nullable(),
  nextDeadlineAt: Instant.nullable(),
});

const Command = z.object({
  commandId: z.uuid(),
  type: z.string().meta({ example: 'ReserveStock' }),
  stream: z.string().meta({ example: 'stock-MUG-1' }),
  data: z.record(z.string(), z.unknown()).meta({ example: { sku: 'MUG-1', quantity: 1 } }),
  notBefore: Instant.nullable(),
});

const ChainLink = z.object({
  revision: Position,
  recordedAt: Instant,
  what: z.enum(linkKinds),
  by: z
    .object({ actor: z.string().meta({ example: 'jane' }), reason: Reason })
    .nullable()
    .meta({ description: 'Who did it and why, where it was an operator.' }),
  heard: z
    .object({
      type: z.string().meta({ example: 'PaymentCaptured' }),
      eventId: z.uuid(),
      position: Position,
      occurredAt: Instant,
    })
    .nullable(),
  answers: z.uuid().nullable().meta({ description: 'The command that what was heard answers directly.' }),
  stage: Stage.nullable(),
  asksFor: z.array(Command).meta({ description: 'The commands that became outstanding with it.' }),
});

const Amount = z.int().meta({ description: 'In minor units.', example: 2_500 });
const Attempt = z.strictObject({
  number: z.int().meta({ description: 'The attempt that is due next.' }),
  notBefore: Instant.optional(),
});

const Refund = z.strictObject({
  status: z.enum(['pending', 'done', 'failed']),
  amount: Amount,
  attempt: z.int().meta({ description: 'The last one that was asked for.' }),
  notBefore: Instant.optional().meta({ description: 'Of a refund that failed: when it is tried again.' }),
});

const Payment = z.strictObject({
  status: z.enum(['unsettled', 'authorized', 'captured', 'declined', 'voided', 'expired']),
  turn: z
    .enum(['provider', 'customer', 'declined customer'])
    .meta({ description: 'While it is unsettled: who has to do something.' }),
  payableUntil: Instant.optional().meta({
    description: 'How long the customer may act or pay in another way.',
  }),
  deferred: z.boolean().meta({ description: 'The provider cannot be called for now.' }),
  reachedAt: Instant.optional().meta({ description: 'When the provider answered again after that.' }),
  capturing: z.boolean().meta({ description: 'What became of a capture is not known yet.' }),
  captured: Amount,
  refunds: z.record(z.string(), Refund).meta({
    description: 'By refund id.',
    example: { 'refund-1': { status: 'done', amount: 2_500, attempt: 1 } },
  }),
  attempts: z.strictObject({ capture: Attempt, void: Attempt }),
  granted: z.int().meta({ description: 'How often an operator has let it be tried as often again.' }),
});

const ReservationStatus = z.enum([
  'unasked',
  'asked',
  'active',
  'confirmed',
  'committed',
  'rejected',
  'released',
  'expired',
]);

const Knowledge = z.strictObject({
  order: z.enum(['placed', 'confirmed', 'shipped', 'completed', 'rejected', 'cancelled']),
  cancellationRequested: z.boolean(),
  payment: Payment,
  reservations: z.array(
    z.strictObject({
      sku: Sku,
      quantity: z.int(),
      status: ReservationStatus,
      generation: z.int(),
      anew: z.int().meta({ description: 'How many of those since the process had stood still.' }),
      expiresAt: Instant,
    }),
  ),
  terms: z.strictObject({
    total: Amount,
    currency: Currency,
    paymentMethod: z.string().meta({ example: 'pm_approve' }),
    captureMethod: z.enum(['AUTOMATIC', 'MANUAL']),
    requiresShipping: z.boolean(),
  }),
});

export const ProcessDetails = z.object({
  ...about,
  decided: z
    .enum(['give back', 'keep'])
    .nullable()
    .meta({ description: 'What an operator decided of an order whose goods may have left.' }),
  partition: z.int(),
  revision: Position,
  heardPosition: Position,
  knows: Knowledge.meta({ description: 'What it knows of order, payment and stock.' }),
  outstanding: z.array(Command),
  deadline: z
    .object({
      ...{ stage: Stage, generation: z.int(), due: Instant },
      by: z
        .enum(['process', 'provider'])
        .describe('Who set it: the payment provider, for how long a customer may act'),
    })
    .nullable(),
  stages: z.array(
    z.object({
      stage: Stage,
      generation: z.int(),
      since: Instant,
      until: Instant.nullable(),
      overdue: z.boolean(),
    }),
  ),
  chain: z.array(ChainLink),
});

export const ProcessExplanation = z.object({
  orderId: OrderId,
  summary: z.string().meta({ example: 'It waits for the payment provider to charge 2500 EUR' }),
  stage: Stage,
  since: Instant,
  until: Instant.nullable().meta({ description: "When the stage's time is over; null: no deadline runs." }),
  waitsFor: z.array(z.string()).meta({ example: ['the payment provider to charge 2500 EUR'] }),
  outstanding: z.array(Command),
  sentAgain: z.int().nullable().meta({ description: 'How often those were sent again.' }),
  nextSentAt: Instant.nullable(),
  next: z.object({
    onAnswer: z.string().meta({ example: 'confirmation; what is refused three times undoes the order' }),
    onDeadline: z
      .string()
      .nullable()
      .meta({ example: 'the order is undone and rejected (PAYMENT_TIMED_OUT)' }),
  }),
  obstacles: z
    .array(
      z.object({
        what: z.enum(['PAUSED', 'QUARANTINE', 'INTERVENTION', 'UNANSWERED']),
        because: z.string().meta({ example: 'it was paused (ticket 4711)' }),
        remedies: z.array(z.enum([...operatorActions, 'release'])),
      }),
    )
    .meta({ description: 'What keeps it from going on, and what can be done about that.' }),
  chain: z
    .array(
      z.object({
        at: Instant,
        what: z.string().meta({ example: 'heard PaymentAuthorized' }),
        stage: Stage.nullable(),
        askedFor: z.array(z.string()).meta({ example: ['ReserveStock stock-TEA-ASSAM'] }),
      }),
    )
    .meta({ description: 'What led here, in order: what it heard, and what that made it ask for.' }),
});

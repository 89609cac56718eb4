import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { z } from 'zod';

const Instant = z.string().meta({ format: 'date-time', example: '2026-01-31T12:00:00.000000Z' });
const Stage = z.enum([...ProcessStage.options, 'done']);
const Status = z.enum(['FULFILLING', 'UNDOING', 'DONE']);
const Position = z.string().regex(/^\d+$/).meta({ description: 'In the log.', example: '4711' });

const about = {
  orderId: OrderId,
  definition: z.int().positive().meta({ description: 'The version that it started with.' }),
  status: Status,
  stage: Stage,
  undoReason: z.string().nullable(),
  intervention: z.string().nullable().meta({ description: 'Why an operator is asked for.' }),
  correlationId: z.string(),
  startedAt: Instant,
};

export const ProcessSummary = z.object({
  ...about,
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
  data: z.record(z.string(), z.unknown()),
  notBefore: Instant.nullable(),
});

const ChainLink = z.object({
  revision: Position,
  recordedAt: Instant,
  what: z.enum(['started', 'heard', 'deadlinePassed']),
  heard: z
    .object({ type: z.string(), eventId: z.uuid(), position: Position, occurredAt: Instant })
    .nullable(),
  answers: z.uuid().nullable().meta({ description: 'The command that what was heard answers directly.' }),
  stage: Stage.nullable(),
  asksFor: z.array(Command).meta({ description: 'The commands that became outstanding with it.' }),
});

export const ProcessDetails = z.object({
  ...about,
  partition: z.int(),
  revision: Position,
  heardPosition: Position,
  knows: z
    .record(z.string(), z.unknown())
    .meta({ description: 'What it knows of order, payment and stock.' }),
  outstanding: z.array(Command),
  deadline: z.object({ stage: Stage, generation: z.int(), due: Instant }).nullable(),
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

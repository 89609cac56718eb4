import { z } from 'zod';
import type { Requested } from '../requests.js';
import { Reason } from './fields.js';

const Data = z.record(z.string(), z.unknown());

const Appended = z.object({
  stream: z.string().meta({ example: 'orderProcess-0b9b4f9e-6a2c-5a57-8d4c-1f2f6f2f3b1d' }),
  revision: z.string().meta({ description: 'Of the event in its stream.', example: '12' }),
  eventId: z.uuid(),
  type: z.string().meta({ example: 'OrderProcessPaused' }),
  data: Data.meta({ example: { orderId: '0b9b4f9e-6a2c-5a57-8d4c-1f2f6f2f3b1d' } }),
  actor: z.object({
    kind: z.enum(['customer', 'operator', 'service', 'system']).meta({ example: 'operator' }),
    subject: z.string().meta({ example: 'jane' }),
  }),
  reason: Reason,
});

const Sent = z.object({
  commandId: z.uuid().meta({ description: 'The id of the message; a repeat of it changes nothing.' }),
  type: z.string().meta({ example: 'AuthorizePayment' }),
  stream: z.string().meta({
    description: 'Of the aggregate that decides it.',
    example: 'payment-2f1d3c0e-9a4b-5c7d-8e6f-0a1b2c3d4e5f',
  }),
  routingKey: z.string().meta({ example: 'payment.AuthorizePayment' }),
  data: Data.meta({ example: { paymentId: '2f1d3c0e-9a4b-5c7d-8e6f-0a1b2c3d4e5f', amount: 2_500 } }),
});

/** What an action came to, or would. */
export const ActionResult = z.object({
  outcome: z.enum(['planned', 'done', 'repeated']).meta({
    description:
      'planned: of a dry run, nothing was done. repeated: an earlier request under this key had done it.',
  }),
  appended: z.array(Appended).meta({ description: 'The events in the log.' }),
  sent: z.array(Sent).meta({
    description: 'The commands that go out. Where the broker is away they do as soon as it is back.',
  }),
});
export type ActionResult = z.infer<typeof ActionResult>;

const Message = z.object({
  deadLetterId: z.uuid().optional(),
  exchange: z.string().meta({ example: 'redeliver' }),
  routingKey: z.string().meta({ example: 'commands.payment' }),
  body: z.unknown(),
});

/** What an action on messages came to, or would. */
export const MessagesResult = ActionResult.extend({
  sent: z.array(Message).meta({ description: 'The messages that go out, a moment after the event.' }),
});
export type MessagesResult = z.infer<typeof MessagesResult>;

export function appendedOf({ stream, revision, event }: Requested): z.infer<typeof Appended> {
  const { id: eventId, type, data, metadata } = event;
  const { actor, reason = '' } = metadata;
  return { ...{ stream, revision: revision.toString(), eventId, type }, data: { ...data }, actor, reason };
}

import { expect, it } from '@jest/globals';
import { later } from '@orders/shared-events/contracts/instants.js';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { START, anOrder, story } from '../testing/order-story.js';
import { PROCESS_ACTOR } from '../tracked.js';
import { columnNames, columnsOf } from './process-row.js';

const order = anOrder();
const MINUTE = 60_000;
const durations = {
  ...{ payment: MINUTE, customerAction: 60 * MINUTE, providerRetry: MINUTE, reservation: MINUTE },
  ...{ capture: MINUTE, confirmation: MINUTE, shipment: MINUTE, completion: MINUTE, refund: MINUTE },
  compensation: MINUTE,
};

/** The row after some events, where the log's clock is so far ahead of that of whoever heard them. */
function row(logAheadMs: number, ...events: readonly (OrderEvent | PaymentEvent)[]): Record<string, unknown> {
  const { process } = story(order, ...events);
  const tracked = {
    ...{
      state: process,
      revision: 0n,
      startedAt: START,
      stageBegan: { revision: 0n, logAheadMs: undefined },
    },
    origin: { correlationId: 'correlation-1', causationId: 'cause-1', actor: PROCESS_ACTOR },
  };
  const columns = columnsOf([{ tracked, logAheadMs }], durations);
  return Object.fromEntries(columnNames.split(', ').map((name, index) => [name, columns[index]?.[0]]));
}

it('the deadline of a stage is told by the log’s clock, since the instances’ differ', () => {
  const { stage_since: since } = row(0, order.placed);
  for (const ahead of [0, 30_000, -30_000])
    expect(row(ahead, order.placed)).toMatchObject({
      next_deadline_at: later(String(since), MINUTE + ahead),
    });
});

it('that of the provider is told as it was named', () => {
  const asked = order.actionRequired();
  const { expiresAt } = asked.data;
  for (const ahead of [0, 30_000])
    expect(row(ahead, order.placed, asked)).toMatchObject({ next_deadline_at: expiresAt });
});

it('the end of a pause is told by the log’s clock, too', () => {
  const undone = [order.placed, order.cancellationRequested, order.voidFailed(1)] as const;
  const { not_before: pausesUntil } = row(0, ...undone);
  expect(row(30_000, ...undone)).toMatchObject({ not_before: later(String(pausesUntil), 30_000) });
  expect(row(0, order.placed)).toMatchObject({ not_before: null });
});

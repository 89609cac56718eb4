import { expect, it } from '@jest/globals';
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

/** The row after some events, as it goes to Postgres so long after the last of them, by the clock of who heard it. */
function row(laterMs: number, ...events: readonly (OrderEvent | PaymentEvent)[]): Record<string, unknown> {
  const { process, now } = story(order, ...events);
  const tracked = {
    ...{ state: process, revision: 0n, startedAt: START },
    origin: { correlationId: 'correlation-1', causationId: 'cause-1', actor: PROCESS_ACTOR },
  };
  const columns = columnsOf([tracked], durations, Date.parse(now) + laterMs);
  return Object.fromEntries(columnNames.split(', ').map((name, index) => [name, columns[index]?.[0]]));
}

it('the deadline of a stage is told as the time that is left, since clocks differ', () => {
  expect(row(0, order.placed)).toMatchObject({ deadline_in: MINUTE, deadline_at: null });
  expect(row(59_000, order.placed)).toMatchObject({ deadline_in: 1_000, deadline_at: null });
  expect(row(90_000, order.placed)).toMatchObject({ deadline_in: -30_000, deadline_at: null });
});

it('that of the provider is told as it was named', () => {
  const asked = order.actionRequired();
  const { expiresAt } = asked.data;
  expect(row(0, order.placed, asked)).toMatchObject({ deadline_in: null, deadline_at: expiresAt });
});

it('a pause is told as the time that is left', () => {
  const undone = [order.placed, order.cancellationRequested, order.voidFailed(1)] as const;
  expect(row(0, ...undone)).toMatchObject({ resend_in: 500 });
  expect(row(400, ...undone)).toMatchObject({ resend_in: 100 });
  expect(row(0, order.placed)).toMatchObject({ resend_in: null });
});

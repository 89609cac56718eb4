import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, EventId, paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import {
  EUR,
  orderId,
  origin,
  paymentId,
  paymentRequested,
  total,
} from '@orders/shared-events/testing/examples.js';
import { NOW } from '@orders/shared-events/testing/given.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { PROVIDER } from '../request.js';
import { SimulatedLog } from '../testing/simulated-log.js';
import { Comparison, type Finding } from './comparison.js';
import { Payments } from './payments.js';
import type { ProviderEntry } from './provider.js';

const stream = paymentStream(paymentId);
const ids = { paymentId, orderId };
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const captured = { type: 'PaymentCaptured', data: money } as const;
const refundOf = { refundId: 'refund-1', amount: 100 };
const refundRequested = { type: 'RefundRequested', data: { ...ids, attempt: 1, ...refundOf } } as const;
const refunded = { type: 'PaymentRefunded', data: { ...money, ...refundOf } } as const;
const charge: ProviderEntry = {
  ...ids,
  operation: 'charge',
  attempt: 1,
  amount: total,
  currency: EUR,
  outcome: { kind: 'succeeded', reference: 'ref-1' },
  ageMs: 60_000,
};
const stored = (event: PaymentEvent): NewEvent => ({
  id: EventId.parse(randomUUID()),
  type: event.type,
  data: event.data,
  metadata: {
    ...{ $correlationId: origin.correlationId, $causationId: origin.causationId, actor: PROVIDER },
    ...{ commandId: CommandId.parse(randomUUID()), occurredAt: NOW, schemaVersion: 1 },
  },
});

let log: SimulatedLog;
let found: Finding[];
beforeEach(() => {
  log = new SimulatedLog();
  found = [];
});

/** @param meanwhile is appended while the provider answers for the second time: it tells what was before */
const compare = (meanwhile: readonly PaymentEvent[]) => {
  let asked = 0;
  const list = () => {
    asked += 1;
    if (asked === 2) log.write(stream, meanwhile.map(stored));
    return Promise.resolve([charge]);
  };
  const comparison = new Comparison({
    books: { list },
    payments: new Payments(log),
    log: {
      async *readStreamBackwards() {
        // Nobody asks under which correlation here.
      },
    },
    found: (finding) => found.push(finding),
    settings: { graceMs: 1_000, timeoutMs: 1_000 },
    logger: silent,
  });
  return comparison.compare(new Set([paymentId]), new Map());
};

describe('a payment whose books differ', () => {
  beforeEach(() => log.write(stream, [stored(paymentRequested('AUTOMATIC'))]));

  it('is looked at again, and what is told then is recorded', async () => {
    await compare([]);
    expect(found).toEqual([{ kind: 'NOT_RECORDED', repaired: true }]);
  });

  it('is left to the next time where it moves meanwhile: the two books are not of one moment', async () => {
    await compare([captured, refundRequested, refunded]);
    expect(found).toEqual([]);
    expect(log.events.some(({ type }) => type === 'PaymentDiscrepancyDetected')).toBe(false);
  });
});

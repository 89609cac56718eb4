import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { CustomerId, OrderId, type StreamName, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { orderPlaced } from '@orders/shared-events/testing/examples.js';
import { secondsFromNow } from '@orders/shared-events/testing/given.js';
import { type Told, newEvent, streamOf } from './recorded.js';

/** Writes orders' histories as the system would, into a log that it may share with others. */
export class History {
  /** Of the streams that this history writes; each order has streams of its own. */
  readonly #revisions = new Map<StreamName, bigint>();
  /** Its orders' customer is nobody else's. */
  readonly customerId = CustomerId.parse(`customer-${randomUUID()}`);

  constructor(private readonly eventStore: EventStore) {}

  /** Appends the events to their streams, in this order; neighbours of one stream together. Returns the position. */
  async append(...events: readonly Told[]): Promise<bigint> {
    let position = 0n;
    for (const run of runs(events)) position = await this.#append(run);
    return position;
  }

  /**
   * An order from its placement to its end, returns its id. Every third is declined; two are placed at the same
   * instant, the next two a second later.
   */
  async order(index = 0): Promise<OrderId> {
    const orderId = OrderId.parse(randomUUID());
    const rest = index % 3 === 2 ? declined(orderId) : completed(orderId);
    const occurredAt = secondsFromNow(Math.floor(index / 2));
    const events = [this.placed(orderId), ...rest];
    await this.append(...events.map((event): Told => ({ ...event, metadata: { occurredAt } })));
    return orderId;
  }

  placed(orderId: OrderId): DomainEvent {
    return { ...orderPlaced, data: { ...orderPlaced.data, orderId, customerId: this.customerId } };
  }

  async #append(events: readonly [Told, ...Told[]]): Promise<bigint> {
    const stream = streamOf(events[0]);
    const expected = this.#revisions.get(stream) ?? 'no_stream';
    const result = await this.eventStore.append(
      stream,
      expected,
      events.map((event) => newEvent(event, randomUUID())),
    );
    if (result.outcome !== 'appended') throw new Error(`${stream} is not at ${expected}`);
    this.#revisions.set(stream, result.revision);
    return result.position;
  }
}

function runs(events: readonly Told[]): readonly [Told, ...Told[]][] {
  const found: [Told, ...Told[]][] = [];
  for (const event of events) {
    const run = found.at(-1);
    if (run && streamOf(run[0]) === streamOf(event)) run.push(event);
    else found.push([event]);
  }
  return found;
}

const paid = (orderId: OrderId) => ({
  orderId,
  paymentId: paymentIdOf(orderId),
  attempt: 1,
  amount: orderPlaced.data.total,
});
const requested = (orderId: OrderId): DomainEvent => ({
  type: 'PaymentRequested',
  data: {
    ...paid(orderId),
    currency: orderPlaced.data.currency,
    paymentMethod: 'pm_approve',
    captureMethod: 'AUTOMATIC',
  },
});

const completed = (orderId: OrderId): readonly DomainEvent[] => [
  requested(orderId),
  { type: 'PaymentCaptured', data: { ...paid(orderId), providerReference: 'ch_1' } },
  { type: 'OrderConfirmed', data: { orderId } },
  { type: 'OrderShipped', data: { orderId, carrier: 'DHL', trackingNumber: 'T1' } },
  { type: 'OrderCompleted', data: { orderId } },
];

const declined = (orderId: OrderId): readonly DomainEvent[] => [
  requested(orderId),
  {
    type: 'PaymentDeclined',
    data: { orderId, paymentId: paymentIdOf(orderId), attempt: 1, code: 'card_declined' },
  },
  { type: 'OrderRejected', data: { orderId, reason: 'PAYMENT_DECLINED' } },
];

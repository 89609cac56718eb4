import {
  CustomerId,
  type OrderId,
  orderIdOf,
  orderProcessStream,
  orderStream,
  paymentIdOf,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import type { PlannedOrder } from './plan.js';

const ids = new Map<string, OrderId>();

export function orderIdOfPlanned({ customerId, idempotencyKey }: PlannedOrder): OrderId {
  const name = `${customerId} ${idempotencyKey}`;
  const known = ids.get(name);
  if (known) return known;
  const orderId = orderIdOf(CustomerId.parse(customerId), idempotencyKey);
  ids.set(name, orderId);
  return orderId;
}

/** Names that can be read, for streams and for the provider's keys. They stand in traces and in the names of mishaps. */
export class Names {
  readonly #names = new Map<string, string>();

  constructor(orders: readonly PlannedOrder[]) {
    for (const [index, planned] of orders.entries()) {
      const orderId = orderIdOfPlanned(planned);
      const paymentId = paymentIdOf(orderId);
      this.#names.set(orderStream(orderId), `order ${index + 1}`);
      this.#names.set(paymentStream(paymentId), `payment ${index + 1}`);
      this.#names.set(orderProcessStream(orderId), `process ${index + 1}`);
      this.#names.set(orderId, `order ${index + 1}`);
      this.#names.set(paymentId, `payment ${index + 1}`);
    }
  }

  readonly of = (stream: string): string => this.#names.get(stream) ?? stream;

  /** A key of the provider begins with the payment's id. */
  readonly ofKey = (key: string): string => {
    const end = key.indexOf(':');
    return end < 0 ? this.of(key) : `${this.of(key.slice(0, end))}${key.slice(end)}`;
  };
}

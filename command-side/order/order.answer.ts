import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import type {
  CancelOrderResult,
  PlaceOrderResult,
  ShipOrderResult,
  TotalNotPayable,
} from '../graphql.generated.js';
import { unknownSku } from '../product/product.answer.js';
import type { OrderRefusal, OrderStatusRefusal } from './order.commands.js';
import type { OrderOutcome } from './orders.js';

/** What is answered of an order that is not there, and of one that the caller may not know of. */
export const notFound = (orderId: OrderId) =>
  ({ outcome: 'refused', refusal: { code: 'ORDER_NOT_FOUND', orderId } }) as const;

type Accepted = Exclude<OrderOutcome, { outcome: 'refused' }>;

/** How the outcome of placing an order reads in GraphQL. */
export function placementAnswer(outcome: OrderOutcome): Answer<PlaceOrderResult> {
  if (outcome.outcome === 'refused') return placementRefusal(outcome.refusal);
  const { state } = outcome;
  if (state.status === 'none') throw new Error('an accepted order has a state');
  const { orderId, total, currency } = state;
  return { __typename: 'OrderAccepted', ...accepted(orderId, outcome), total, currency };
}

function placementRefusal(refusal: OrderRefusal): Answer<PlaceOrderResult> {
  if (isAboutStatus(refusal)) throw new Error(`a placement cannot be refused with ${refusal.code}`);
  switch (refusal.code) {
    case 'UNKNOWN_SKU':
      return unknownSku(refusal.sku);
    case 'PRICE_CHANGED':
      return {
        __typename: 'PriceChanged',
        message: `the total is ${refusal.total} ${refusal.currency} in minor units`,
        ...refusal,
      };
    case 'IDEMPOTENCY_KEY_REUSED':
      return {
        __typename: 'IdempotencyKeyReused',
        message: 'another request was made under this idempotency key',
        ...refusal,
      };
    case 'MIXED_CURRENCIES':
      return {
        __typename: 'MixedCurrencies',
        message: `an order has one currency, not ${refusal.currencies.join(' and ')}`,
        ...refusal,
      };
    case 'TOTAL_NOT_POSITIVE':
      return totalNotPayable(refusal.code, 'the total of an order is at least one minor unit');
    case 'TOTAL_OUT_OF_RANGE':
      return totalNotPayable(refusal.code, 'the total is beyond what can be counted exactly');
  }
}

const totalNotPayable = (code: string, message: string): Answer<TotalNotPayable> => ({
  __typename: 'TotalNotPayable',
  code,
  message,
});

export function cancellationAnswer(orderId: OrderId, outcome: OrderOutcome): Answer<CancelOrderResult> {
  if (outcome.outcome !== 'refused') {
    return { __typename: 'OrderCancellationAccepted', ...accepted(orderId, outcome) };
  }
  const refusal = statusRefusal(orderId, outcome.refusal);
  const __typename = refusal.code === 'ORDER_NOT_FOUND' ? 'OrderNotFound' : 'OrderNotCancellable';
  return { __typename, ...refusal };
}

export function shipmentAnswer(orderId: OrderId, outcome: OrderOutcome): Answer<ShipOrderResult> {
  if (outcome.outcome !== 'refused') {
    return { __typename: 'OrderShipmentAccepted', ...accepted(orderId, outcome) };
  }
  const refusal = statusRefusal(orderId, outcome.refusal);
  const __typename = refusal.code === 'ORDER_NOT_FOUND' ? 'OrderNotFound' : 'OrderNotShippable';
  return { __typename, ...refusal };
}

const accepted = (orderId: OrderId, { outcome, position }: Accepted) => ({
  orderId,
  position: position.toString(),
  repeated: outcome === 'repeated',
});

const MESSAGES: Readonly<Record<OrderStatusRefusal['code'], string>> = {
  ORDER_NOT_FOUND: 'there is no such order',
  ORDER_NOT_CONFIRMED: 'the order is not confirmed',
  ORDER_NOT_SHIPPED: 'the order is not shipped',
  ORDER_ALREADY_SHIPPED: 'the order has been shipped',
  ORDER_COMPLETED: 'the order is completed',
  ORDER_REJECTED: 'the order was rejected',
  ORDER_CANCELLED: 'the order is cancelled',
  NOTHING_TO_SHIP: 'nothing in the order is shipped',
  CANCELLATION_REQUESTED: 'the order is being cancelled',
  CANCELLATION_NOT_REQUESTED: 'nobody asked for a cancellation',
};

const isAboutStatus = (refusal: OrderRefusal): refusal is OrderStatusRefusal =>
  Object.hasOwn(MESSAGES, refusal.code);

function statusRefusal(orderId: OrderId, refusal: OrderRefusal) {
  if (!isAboutStatus(refusal))
    throw new Error(`order ${orderId} cannot be refused with ${refusal.code} here`);
  return { code: refusal.code, message: MESSAGES[refusal.code], orderId };
}

import { describe, it } from '@jest/globals';
import {
  EUR,
  USD,
  licenceOrderPlaced,
  orderId,
  orderPlaced,
  total,
} from '@orders/shared-events/testing/examples.js';
import { given } from '@orders/shared-events/testing/given.js';
import type { PlaceOrder, RequestCancellation, ShipOrder } from './order.commands.js';
import { order } from './order.js';

const { lines, adjustments, currency, total: _total, ...request } = orderPlaced.data;
const pricing = { lines, adjustments, currency, total };
const place: PlaceOrder = { type: 'PlaceOrder', data: { ...request, pricing } };
const placeWith = (data: Partial<PlaceOrder['data']>): PlaceOrder => ({
  ...place,
  data: { ...place.data, ...data },
});

const confirm = { type: 'ConfirmOrder', data: { orderId } } as const;
const reject = { type: 'RejectOrder', data: { orderId, reason: 'OUT_OF_STOCK' } } as const;
const requestCancellation: RequestCancellation = {
  type: 'RequestCancellation',
  data: { orderId, reason: 'changed my mind' },
};
const cancel = { type: 'CancelOrder', data: { orderId } } as const;
const ship: ShipOrder = { type: 'ShipOrder', data: { orderId, carrier: 'Post', trackingNumber: 'T1' } };
const complete = { type: 'CompleteOrder', data: { orderId } } as const;

const confirmed = { type: 'OrderConfirmed', data: { orderId } } as const;
const rejected = { type: 'OrderRejected', data: { orderId, reason: 'OUT_OF_STOCK' } } as const;
const requested = {
  type: 'OrderCancellationRequested',
  data: { orderId, reason: 'changed my mind' },
} as const;
const cancelled = { type: 'OrderCancelled', data: { orderId } } as const;
const shipped = { type: 'OrderShipped', data: ship.data } as const;
const completed = { type: 'OrderCompleted', data: { orderId } } as const;

const placedOrder = given(order, orderPlaced);
const confirmedOrder = given(order, orderPlaced, confirmed);
const rejectedOrder = given(order, orderPlaced, rejected);
const cancelledOrder = given(order, orderPlaced, requested, cancelled);
const shippedOrder = given(order, orderPlaced, confirmed, shipped);
const completedOrder = given(order, orderPlaced, confirmed, shipped, completed);
const licenceOrder = given(order, licenceOrderPlaced, confirmed);

describe('PlaceOrder', () => {
  it('happens with the prices that the server found', () => given(order).when(place).then(orderPlaced));
  it('happens when the caller expects that total', () =>
    given(order)
      .when(placeWith({ expectedTotal: total }))
      .then(orderPlaced));
  it('is ignored when it comes again', () => placedOrder.when(place).ignored());
  it('is ignored when it comes again in every later status', () => {
    for (const there of [confirmedOrder, rejectedOrder, cancelledOrder, shippedOrder, completedOrder]) {
      there.when(place).ignored();
    }
  });
  it('is ignored when it comes again, whatever has become of the prices', () =>
    placedOrder
      .when(placeWith({ pricing: { refused: { code: 'UNKNOWN_SKU', sku: lines[0]?.sku ?? never() } } }))
      .ignored());
  it('is refused for another request under the same key', () =>
    placedOrder
      .when(placeWith({ requestHash: 'b'.repeat(64) }))
      .refused('IDEMPOTENCY_KEY_REUSED', { orderId }));
  it('is refused when the total is not what the caller expects, and tells the total', () =>
    given(order)
      .when(placeWith({ expectedTotal: total - 1 }))
      .refused('PRICE_CHANGED', { total, currency: EUR }));
  it('is refused when it cannot be priced', () =>
    given(order)
      .when(placeWith({ pricing: { refused: { code: 'MIXED_CURRENCIES', currencies: [EUR, USD] } } }))
      .refused('MIXED_CURRENCIES'));
});

describe('ConfirmOrder', () => {
  it('happens', () => placedOrder.when(confirm).then(confirmed));
  it('is ignored once confirmed', () => {
    for (const there of [confirmedOrder, shippedOrder, completedOrder]) there.when(confirm).ignored();
  });
  it('is refused once a cancellation is requested', () =>
    given(order, orderPlaced, requested).when(confirm).refused('CANCELLATION_REQUESTED'));
  it('is refused after the end', () => {
    rejectedOrder.when(confirm).refused('ORDER_REJECTED');
    cancelledOrder.when(confirm).refused('ORDER_CANCELLED');
  });
  it('is refused where there is no order', () => given(order).when(confirm).refused('ORDER_NOT_FOUND'));
});

describe('RejectOrder', () => {
  it('happens', () => placedOrder.when(reject).then(rejected));
  it('happens after confirmation: the reservation may have been lost', () =>
    confirmedOrder.when(reject).then(rejected));
  it('is ignored once rejected', () => rejectedOrder.when(reject).ignored());
  it('is refused once shipped, completed or cancelled', () => {
    shippedOrder.when(reject).refused('ORDER_ALREADY_SHIPPED');
    completedOrder.when(reject).refused('ORDER_COMPLETED');
    cancelledOrder.when(reject).refused('ORDER_CANCELLED');
  });
  it('is refused where there is no order', () => given(order).when(reject).refused('ORDER_NOT_FOUND'));
});

describe('RequestCancellation', () => {
  it('happens until the goods have left, whatever has become of the money', () => {
    placedOrder.when(requestCancellation).then(requested);
    confirmedOrder.when(requestCancellation).then(requested);
  });
  it('is ignored once requested', () =>
    given(order, orderPlaced, requested).when(requestCancellation).ignored());
  it('is ignored once cancelled', () => cancelledOrder.when(requestCancellation).ignored());
  it('is refused once shipped, completed or rejected', () => {
    shippedOrder.when(requestCancellation).refused('ORDER_ALREADY_SHIPPED');
    completedOrder.when(requestCancellation).refused('ORDER_COMPLETED');
    rejectedOrder.when(requestCancellation).refused('ORDER_REJECTED');
  });
  it('is refused where there is no order', () =>
    given(order).when(requestCancellation).refused('ORDER_NOT_FOUND'));
});

describe('CancelOrder', () => {
  it('happens after a request', () => given(order, orderPlaced, requested).when(cancel).then(cancelled));
  it('happens after a request on a confirmed order', () =>
    given(order, orderPlaced, confirmed, requested).when(cancel).then(cancelled));
  it('happens after a request that came before the confirmation was recorded', () =>
    given(order, orderPlaced, requested, confirmed).when(cancel).then(cancelled));
  it('is ignored once cancelled', () => cancelledOrder.when(cancel).ignored());
  it('is refused without a request', () => placedOrder.when(cancel).refused('CANCELLATION_NOT_REQUESTED'));
  it('is refused once shipped, completed or rejected', () => {
    shippedOrder.when(cancel).refused('ORDER_ALREADY_SHIPPED');
    completedOrder.when(cancel).refused('ORDER_COMPLETED');
    rejectedOrder.when(cancel).refused('ORDER_REJECTED');
  });
  it('is refused where there is no order', () => given(order).when(cancel).refused('ORDER_NOT_FOUND'));
});

describe('ShipOrder', () => {
  it('happens', () => confirmedOrder.when(ship).then(shipped));
  it('is ignored for the same shipment, also after completion', () => {
    shippedOrder.when(ship).ignored();
    completedOrder.when(ship).ignored();
  });
  it('is refused for another shipment', () =>
    shippedOrder
      .when({ ...ship, data: { ...ship.data, trackingNumber: 'T2' } })
      .refused('ORDER_ALREADY_SHIPPED'));
  it('is refused where nothing is to be shipped', () => licenceOrder.when(ship).refused('NOTHING_TO_SHIP'));
  it('is refused before confirmation', () => placedOrder.when(ship).refused('ORDER_NOT_CONFIRMED'));
  it('is refused once a cancellation is requested', () =>
    given(order, orderPlaced, confirmed, requested).when(ship).refused('CANCELLATION_REQUESTED'));
  it('is refused after the end', () => {
    rejectedOrder.when(ship).refused('ORDER_REJECTED');
    cancelledOrder.when(ship).refused('ORDER_CANCELLED');
    given(order, licenceOrderPlaced, confirmed, completed).when(ship).refused('ORDER_COMPLETED');
  });
  it('is refused where there is no order', () => given(order).when(ship).refused('ORDER_NOT_FOUND'));
});

describe('CompleteOrder', () => {
  it('happens at once where nothing is shipped', () => licenceOrder.when(complete).then(completed));
  it('happens after the shipment', () => shippedOrder.when(complete).then(completed));
  it('is ignored once completed', () => completedOrder.when(complete).ignored());
  it('is refused before the shipment', () => confirmedOrder.when(complete).refused('ORDER_NOT_SHIPPED'));
  it('is refused before confirmation', () => placedOrder.when(complete).refused('ORDER_NOT_CONFIRMED'));
  it('is refused once a cancellation is requested', () =>
    given(order, licenceOrderPlaced, confirmed, requested).when(complete).refused('CANCELLATION_REQUESTED'));
  it('is refused after the end', () => {
    rejectedOrder.when(complete).refused('ORDER_REJECTED');
    cancelledOrder.when(complete).refused('ORDER_CANCELLED');
  });
  it('is refused where there is no order', () => given(order).when(complete).refused('ORDER_NOT_FOUND'));
});

function never(): never {
  throw new Error('the example has no line');
}

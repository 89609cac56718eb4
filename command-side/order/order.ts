import type { Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import { type OrderEvent, orderEvents } from '@orders/shared-events/contracts/order.events.js';
import { type Decider, type Decision, NOTHING_NEW, refuse } from '../decision.js';
import type {
  OrderCommand,
  OrderRefusal,
  OrderStatusRefusal,
  PlaceOrder,
  RejectOrder,
  RequestCancellation,
  ShipOrder,
} from './order.commands.js';
import { type OrderState, evolveOrder } from './order.state.js';

type OrderDecision = Decision<OrderEvent, OrderRefusal>;

function decide(command: Timed<OrderCommand>, state: OrderState): OrderDecision {
  if (command.type === 'PlaceOrder') return place(command.data, state);
  if (state.status === 'none') return refuse({ code: 'ORDER_NOT_FOUND', orderId: command.data.orderId });
  switch (command.type) {
    case 'ConfirmOrder':
      return confirm(state);
    case 'RejectOrder':
      return reject(command.data, state);
    case 'RequestCancellation':
      return requestCancellation(command.data, state);
    case 'CancelOrder':
      return cancel(state);
    case 'ShipOrder':
      return ship(command.data, state);
    case 'CompleteOrder':
      return complete(state);
  }
}

type Existing = Exclude<OrderState, { status: 'none' }>;

/** A repeat is known before prices are looked at: they may have changed since. */
function place(data: PlaceOrder['data'], state: OrderState): OrderDecision {
  if (state.status !== 'none') {
    return state.requestHash === data.requestHash
      ? NOTHING_NEW
      : refuse({ code: 'IDEMPOTENCY_KEY_REUSED', orderId: data.orderId });
  }
  const { pricing, expectedTotal, ...request } = data;
  if ('refused' in pricing) return pricing;
  const { total, currency } = pricing;
  if (expectedTotal !== undefined && expectedTotal !== total) {
    return refuse({ code: 'PRICE_CHANGED', total, currency });
  }
  return [
    {
      type: 'OrderPlaced',
      data: { ...request, ...pricing, lines: [...pricing.lines], adjustments: [...pricing.adjustments] },
    },
  ];
}

function confirm(state: Existing): OrderDecision {
  switch (state.status) {
    case 'placed':
      return state.cancellationRequested
        ? refusal('CANCELLATION_REQUESTED', state)
        : [{ type: 'OrderConfirmed', data: { orderId: state.orderId } }];
    case 'confirmed':
    case 'shipped':
    case 'completed':
      return NOTHING_NEW;
    case 'rejected':
    case 'cancelled':
      return refusalFor(state);
  }
}

/** Also after confirmation: a reservation may be lost between the two, and then all is undone. */
function reject({ reason }: RejectOrder['data'], state: Existing): OrderDecision {
  switch (state.status) {
    case 'placed':
    case 'confirmed':
      return [{ type: 'OrderRejected', data: { orderId: state.orderId, reason } }];
    case 'rejected':
      return NOTHING_NEW;
    case 'shipped':
    case 'completed':
    case 'cancelled':
      return refusalFor(state);
  }
}

/** Until the goods have left, whatever has become of money and stock: the order's process gives them back. */
function requestCancellation({ reason }: RequestCancellation['data'], state: Existing): OrderDecision {
  switch (state.status) {
    case 'placed':
    case 'confirmed':
      return state.cancellationRequested
        ? NOTHING_NEW
        : [{ type: 'OrderCancellationRequested', data: { orderId: state.orderId, reason } }];
    case 'cancelled':
      return NOTHING_NEW;
    case 'shipped':
    case 'completed':
    case 'rejected':
      return refusalFor(state);
  }
}

function cancel(state: Existing): OrderDecision {
  switch (state.status) {
    case 'placed':
    case 'confirmed':
      return state.cancellationRequested
        ? [{ type: 'OrderCancelled', data: { orderId: state.orderId } }]
        : refusal('CANCELLATION_NOT_REQUESTED', state);
    case 'cancelled':
      return NOTHING_NEW;
    case 'shipped':
    case 'completed':
    case 'rejected':
      return refusalFor(state);
  }
}

function ship({ carrier, trackingNumber }: ShipOrder['data'], state: Existing): OrderDecision {
  switch (state.status) {
    case 'confirmed':
      if (!state.requiresShipping) return refusal('NOTHING_TO_SHIP', state);
      if (state.cancellationRequested) return refusal('CANCELLATION_REQUESTED', state);
      return [{ type: 'OrderShipped', data: { orderId: state.orderId, carrier, trackingNumber } }];
    case 'shipped':
    case 'completed':
      return state.shipment?.carrier === carrier && state.shipment.trackingNumber === trackingNumber
        ? NOTHING_NEW
        : refusalFor(state);
    case 'placed':
    case 'rejected':
    case 'cancelled':
      return refusalFor(state);
  }
}

/** At once where nothing is shipped, else after the shipment. */
function complete(state: Existing): OrderDecision {
  switch (state.status) {
    case 'confirmed':
      if (state.cancellationRequested) return refusal('CANCELLATION_REQUESTED', state);
      return state.requiresShipping ? refusal('ORDER_NOT_SHIPPED', state) : completed(state);
    case 'shipped':
      return completed(state);
    case 'completed':
      return NOTHING_NEW;
    case 'placed':
    case 'rejected':
    case 'cancelled':
      return refusalFor(state);
  }
}

const completed = ({ orderId }: Existing): OrderDecision => [{ type: 'OrderCompleted', data: { orderId } }];

const refusal = (code: OrderStatusRefusal['code'], { orderId }: Existing): OrderDecision =>
  refuse({ code, orderId });

/** What stands in the way is the status itself. */
const STATUS_REFUSAL = {
  placed: 'ORDER_NOT_CONFIRMED',
  shipped: 'ORDER_ALREADY_SHIPPED',
  completed: 'ORDER_COMPLETED',
  rejected: 'ORDER_REJECTED',
  cancelled: 'ORDER_CANCELLED',
} as const;

const refusalFor = (state: Exclude<Existing, { status: 'confirmed' }>): OrderDecision =>
  refusal(STATUS_REFUSAL[state.status], state);

const evolve = (state: OrderState, event: Occurred<OrderEvent>): OrderState => evolveOrder(state, event);

export const order: Decider<OrderState, OrderCommand, OrderEvent, OrderRefusal> = {
  initialState: { status: 'none' },
  decide,
  evolve,
  events: orderEvents,
};

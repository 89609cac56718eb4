import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import type { CustomerId, OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import type { CaptureMethod } from '@orders/shared-events/contracts/payment.events.js';

//  none ──▶ placed ──▶ confirmed ──▶ shipped ──▶ completed
//             │            ├──────────────────▶ completed   (no line requires shipping)
//             ├────────────┼──▶ rejected
//             └─ requested ┴──▶ cancelled                   (after OrderCancellationRequested)

/** What placement froze. Total in minor units. */
export interface Facts {
  readonly orderId: OrderId;
  readonly customerId: CustomerId;
  readonly requestHash: string;
  readonly currency: Currency;
  readonly total: number;
  readonly requiresShipping: boolean;
  readonly paymentMethod: string;
  readonly captureMethod: CaptureMethod;
}

export interface Shipment {
  readonly carrier: string;
  readonly trackingNumber: string;
}

export type OrderState =
  | { readonly status: 'none' }
  | (Facts & { readonly status: 'placed'; readonly cancellationRequested: boolean })
  | (Facts & { readonly status: 'confirmed'; readonly cancellationRequested: boolean })
  | (Facts & { readonly status: 'shipped'; readonly shipment: Shipment })
  | (Facts & { readonly status: 'completed'; readonly shipment?: Shipment })
  | (Facts & { readonly status: 'rejected' })
  | (Facts & { readonly status: 'cancelled' });

export function evolveOrder(state: OrderState, event: Occurred<OrderEvent>): OrderState {
  if (event.type === 'OrderPlaced') return placed(event.data);
  if (state.status === 'none') return state;
  const facts = factsOf(state);
  switch (event.type) {
    case 'OrderConfirmed':
      return { ...facts, status: 'confirmed', cancellationRequested: isCancellationRequested(state) };
    case 'OrderCancellationRequested':
      return 'cancellationRequested' in state ? { ...state, cancellationRequested: true } : state;
    case 'OrderRejected':
      return { ...facts, status: 'rejected' };
    case 'OrderCancelled':
      return { ...facts, status: 'cancelled' };
    case 'OrderShipped':
      return { ...facts, status: 'shipped', shipment: shipmentOf(event.data) };
    case 'OrderCompleted':
      return { ...facts, status: 'completed', ...('shipment' in state ? { shipment: state.shipment } : {}) };
  }
}

const placed = (data: Extract<OrderEvent, { type: 'OrderPlaced' }>['data']): OrderState => ({
  status: 'placed',
  cancellationRequested: false,
  orderId: data.orderId,
  customerId: data.customerId,
  requestHash: data.requestHash,
  currency: data.currency,
  total: data.total,
  requiresShipping: data.lines.some((line) => line.requiresShipping),
  paymentMethod: data.paymentMethod,
  captureMethod: data.captureMethod,
});

const factsOf = (state: Facts): Facts => ({
  orderId: state.orderId,
  customerId: state.customerId,
  requestHash: state.requestHash,
  currency: state.currency,
  total: state.total,
  requiresShipping: state.requiresShipping,
  paymentMethod: state.paymentMethod,
  captureMethod: state.captureMethod,
});

const isCancellationRequested = (state: OrderState): boolean =>
  'cancellationRequested' in state && state.cancellationRequested;

const shipmentOf = ({ carrier, trackingNumber }: Shipment): Shipment => ({ carrier, trackingNumber });

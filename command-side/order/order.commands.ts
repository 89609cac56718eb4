import type { CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { OrderBusCommand } from '@orders/shared-events/contracts/order.commands.js';
import type { Facts, Shipment } from './order.state.js';
import type { Pricing, PricingRefusal } from './pricing.js';

/** A request with the prices that the server found for it. Amounts in minor units. */
export type PlaceOrder = CommandOf<
  'PlaceOrder',
  Pick<Facts, 'orderId' | 'customerId' | 'requestHash' | 'paymentMethod' | 'captureMethod'> & {
    readonly reference?: string | undefined;
    /** What the caller believes the total to be; another one is refused. */
    readonly expectedTotal?: number;
    readonly pricing: Pricing;
  }
>;
export type RequestCancellation = Extract<OrderBusCommand, { type: 'RequestCancellation' }>;
export type ShipOrder = CommandOf<'ShipOrder', { readonly orderId: OrderId } & Shipment>;
export type RejectOrder = Extract<OrderBusCommand, { type: 'RejectOrder' }>;
export type OrderCommand = PlaceOrder | ShipOrder | OrderBusCommand;

/** The order is where the command cannot take it further. */
export interface OrderStatusRefusal {
  readonly code:
    | 'ORDER_NOT_FOUND'
    | 'ORDER_NOT_CONFIRMED'
    | 'ORDER_NOT_SHIPPED'
    | 'ORDER_ALREADY_SHIPPED'
    | 'ORDER_COMPLETED'
    | 'ORDER_REJECTED'
    | 'ORDER_CANCELLED'
    | 'NOTHING_TO_SHIP'
    | 'CANCELLATION_REQUESTED'
    | 'CANCELLATION_NOT_REQUESTED';
  readonly orderId: OrderId;
}

export type OrderRefusal =
  | OrderStatusRefusal
  | { readonly code: 'IDEMPOTENCY_KEY_REUSED'; readonly orderId: OrderId }
  | { readonly code: 'PRICE_CHANGED'; readonly total: number; readonly currency: Currency }
  | PricingRefusal;

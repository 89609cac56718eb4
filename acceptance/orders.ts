import { ask, askUntilAnswered } from './client.js';

export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** What a shop asks for when it places an order. */
export interface Placement {
  readonly customerId: string;
  readonly idempotencyKey: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly paymentMethod: string;
  readonly captureMethod: 'AUTOMATIC' | 'MANUAL';
  readonly reference?: string;
  readonly expectedTotal?: Money;
}

export interface OrderView {
  readonly orderId: string;
  readonly status: string;
  readonly rejectionReason: string | null;
  readonly total: Money;
  readonly payment: {
    readonly status: string;
    readonly authorized: Money;
    readonly captured: Money;
    readonly refunded: Money;
    readonly refunds: readonly RefundView[];
    readonly action: { readonly url: string } | null;
  };
  readonly fulfilment: { readonly status: string };
}

export interface RefundView {
  readonly refundId: string;
  readonly status: 'PENDING' | 'SUCCEEDED' | 'FAILED';
  readonly amount: Money;
  readonly failure: string | null;
}

export const ORDER_FIELDS = `
  orderId status rejectionReason
  total { amount currency }
  payment {
    status authorized { amount currency } captured { amount currency } refunded { amount currency }
    refunds { refundId status amount { amount currency } failure }
    action { url }
  }
  fulfilment { status }
`;

const PLACE = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    __typename
    ... on OrderAccepted { orderId position repeated }
    ... on Refusal { code message }
  }
}`;

const CANCEL = `mutation ($input: CancelOrderInput!) {
  cancelOrder(input: $input) {
    __typename
    ... on OrderCancellationAccepted { repeated }
    ... on Refusal { code }
  }
}`;

const REFUND = `mutation ($input: RefundPaymentInput!) {
  refundPayment(input: $input) {
    __typename
    ... on RefundAccepted { repeated }
    ... on RefundExceedsCaptured { refundable }
    ... on RefundInOtherCurrency { currency }
    ... on Refusal { code }
  }
}`;

const SHIP = `mutation ($input: ShipOrderInput!) {
  shipOrder(input: $input) { __typename ... on Refusal { code message } }
}`;

const ORDER = `query ($orderId: ID!) { order(orderId: $orderId) { ${ORDER_FIELDS} } }`;

export type Result =
  | { readonly orderId: string; readonly position: string; readonly repeated: boolean }
  | { readonly code: string; readonly message: string };

export async function place(url: string, input: Placement): Promise<Result> {
  const { placeOrder } = await ask<{ placeOrder: Result }>(url, PLACE, { input });
  return placeOrder;
}

/** Places an order that must be accepted; asks again while the system is away. */
export async function accepted(url: string, input: Placement): Promise<string> {
  const { placeOrder } = await askUntilAnswered<{ placeOrder: Result }>(url, PLACE, { input });
  if ('code' in placeOrder) throw new Error(`refused: ${placeOrder.code} ${placeOrder.message}`);
  return placeOrder.orderId;
}

export async function ship(url: string, orderId: string): Promise<void> {
  const input = { orderId, carrier: 'Post', trackingNumber: 'RR123456785DE' };
  const { shipOrder } = await askUntilAnswered<{ shipOrder: { code?: string } }>(url, SHIP, { input });
  if (shipOrder.code !== undefined) throw new Error(`refused: ${shipOrder.code}`);
}

/** What a mutation answers: a success, or a refusal by its type and code. */
export interface Outcome {
  readonly __typename: string;
  readonly repeated?: boolean;
  readonly code?: string;
}

export async function cancel(url: string, orderId: string, reason = 'changed my mind'): Promise<Outcome> {
  const { cancelOrder } = await askUntilAnswered<{ cancelOrder: Outcome }>(url, CANCEL, {
    input: { orderId, reason },
  });
  return cancelOrder;
}

export interface Refund {
  readonly orderId: string;
  readonly refundId: string;
  readonly amount: Money;
  readonly reason?: string;
}

export async function refund(url: string, input: Refund): Promise<Outcome> {
  const { refundPayment } = await askUntilAnswered<{ refundPayment: Outcome }>(url, REFUND, { input });
  return refundPayment;
}

export async function orderOf(url: string, orderId: string): Promise<OrderView | null> {
  const { order } = await ask<{ order: OrderView | null }>(url, ORDER, { orderId });
  return order;
}

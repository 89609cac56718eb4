import { ask, askUntilAnswered, newKey } from './client.js';

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

/** The end that an order comes to: where it stands, why, and what became of the money. */
export interface End {
  readonly status: string;
  readonly rejectionReason: string | null;
  readonly payment: string;
  /** Captured less refunded, in minor units. */
  readonly kept: number;
}

export const endOf = (order: OrderView): End => ({
  status: order.status,
  rejectionReason: order.rejectionReason,
  payment: order.payment.status,
  kept: order.payment.captured.amount - order.payment.refunded.amount,
});

/** One kind of order: what is placed, what somebody does once it has come so far, what it comes to. */
export interface Kind {
  readonly name: string;
  readonly placement: Pick<Placement, 'lines' | 'paymentMethod' | 'captureMethod'>;
  readonly then?: {
    readonly once: 'CONFIRMED' | 'COMPLETED';
    readonly somebody: 'ships' | 'cancels' | 'refunds 10.00';
  };
  readonly end: Omit<End, 'kept'> & { readonly keeps: 'all' | 'all but 10.00' | 'nothing' };
}

const PART = 1_000;

const completed = { status: 'COMPLETED', rejectionReason: null, payment: 'CAPTURED', keeps: 'all' } as const;
const outOfStock = { status: 'REJECTED', rejectionReason: 'OUT_OF_STOCK', keeps: 'nothing' } as const;

/** Over the demo catalogue, which `local-stack/demo-catalogue.ts` seeds. */
export const kinds: readonly Kind[] = [
  {
    name: 'charged at once',
    placement: {
      lines: [{ sku: 'GIFT-CARD', quantity: 1 }],
      paymentMethod: 'pm_approve',
      captureMethod: 'AUTOMATIC',
    },
    end: completed,
  },
  {
    name: 'authorised, then captured',
    placement: {
      lines: [
        { sku: 'TEA-COURSE', quantity: 1 },
        { sku: 'GIFT-CARD', quantity: 2 },
      ],
      paymentMethod: 'pm_approve',
      captureMethod: 'MANUAL',
    },
    end: completed,
  },
  {
    name: 'declined',
    placement: {
      lines: [{ sku: 'GIFT-CARD', quantity: 1 }],
      paymentMethod: 'pm_decline',
      captureMethod: 'AUTOMATIC',
    },
    end: { status: 'REJECTED', rejectionReason: 'PAYMENT_DECLINED', payment: 'DECLINED', keeps: 'nothing' },
  },
  {
    name: 'out of stock, refunded',
    placement: {
      lines: [
        { sku: 'GIFT-CARD', quantity: 1 },
        { sku: 'SOLD-OUT', quantity: 1 },
      ],
      paymentMethod: 'pm_approve',
      captureMethod: 'AUTOMATIC',
    },
    end: { ...outOfStock, payment: 'REFUNDED' },
  },
  {
    name: 'out of stock, voided',
    placement: {
      lines: [{ sku: 'SOLD-OUT', quantity: 1 }],
      paymentMethod: 'pm_approve',
      captureMethod: 'MANUAL',
    },
    end: { ...outOfStock, payment: 'VOIDED' },
  },
  {
    name: 'to be shipped, then shipped',
    placement: {
      lines: [
        { sku: 'TEA-ASSAM', quantity: 2 },
        { sku: 'TEA-COURSE', quantity: 1 },
      ],
      paymentMethod: 'pm_approve',
      captureMethod: 'MANUAL',
    },
    then: { once: 'CONFIRMED', somebody: 'ships' },
    end: completed,
  },
  {
    name: 'cancelled after the money was captured',
    placement: {
      lines: [{ sku: 'TEA-SENCHA', quantity: 1 }],
      paymentMethod: 'pm_approve',
      captureMethod: 'MANUAL',
    },
    then: { once: 'CONFIRMED', somebody: 'cancels' },
    end: { status: 'CANCELLED', rejectionReason: null, payment: 'REFUNDED', keeps: 'nothing' },
  },
  {
    name: 'completed, then refunded in part',
    placement: {
      lines: [{ sku: 'GIFT-CARD', quantity: 1 }],
      paymentMethod: 'pm_approve',
      captureMethod: 'AUTOMATIC',
    },
    then: { once: 'COMPLETED', somebody: 'refunds 10.00' },
    end: { ...completed, payment: 'PARTIALLY_REFUNDED', keeps: 'all but 10.00' },
  },
];

/** Does what somebody does with such an order, where it has come so far. Again changes nothing. */
export async function carryOn(url: string, { then }: Kind, order: OrderView): Promise<void> {
  const { orderId, total, status } = order;
  if (status !== then?.once) return;
  switch (then.somebody) {
    case 'ships':
      return ship(url, orderId);
    case 'cancels':
      return demand(await cancel(url, orderId));
    case 'refunds 10.00': {
      const amount = { amount: PART, currency: total.currency };
      return demand(await refund(url, { orderId, refundId: 'part-1', amount, reason: 'a dented tin' }));
    }
  }
}

function demand({ code }: Outcome): void {
  if (code !== undefined) throw new Error(`refused: ${code}`);
}

export const placementOf = (kind: Kind, customerId: string): Placement => ({
  ...kind.placement,
  customerId,
  idempotencyKey: newKey(),
  reference: kind.name,
});

/** What an order of this kind must come to, given what it cost. */
export const expectedEnd = ({ end: { keeps, ...end } }: Kind, total: number): End => ({
  ...end,
  kept: keeps === 'nothing' ? 0 : keeps === 'all' ? total : total - PART,
});

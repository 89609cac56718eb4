import { newKey, untilAnswered } from './client.js';
import { decide } from './customer.js';
import { type OrderView, type Outcome, type Placement, cancel, refund, ship } from './orders.js';

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
    /** What its payment or the order itself has come to. */
    readonly once: 'ACTION_REQUIRED' | 'CONFIRMED' | 'COMPLETED';
    readonly somebody: 'approves' | 'ships' | 'cancels' | 'refunds 10.00';
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
    name: 'approved by the customer (3-D Secure)',
    placement: {
      lines: [{ sku: 'TEA-COURSE', quantity: 1 }],
      paymentMethod: 'pm_3ds',
      captureMethod: 'MANUAL',
    },
    then: { once: 'ACTION_REQUIRED', somebody: 'approves' },
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
  const { orderId, total, status, payment } = order;
  if (!then || ![status, payment.status].includes(then.once)) return;
  switch (then.somebody) {
    case 'approves':
      return approve(payment.action);
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

/** Plays the customer, at the provider's page. */
async function approve(action: OrderView['payment']['action']): Promise<void> {
  if (!action) throw new Error('no page where the customer can approve');
  await untilAnswered(() => decide(action.url, 'approve'));
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

import { hash } from 'node:crypto';
import { z } from 'zod';
import { CustomerId, OrderId, SkuInAnyCase, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { KnownCurrency, Quantity } from '@orders/shared-events/contracts/money.js';
import { CaptureMethod, PaymentMethodToken } from '@orders/shared-events/contracts/payment.events.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { moneyInput, optional, reasonInput } from '../input.js';
import type { UnpricedOrder } from './order.handler.js';

const MOST_LINES = 100;

/** What is reserved is one quantity a SKU, so all lines of a SKU together stay within one quantity. */
const linesInput = z
  .array(z.object({ sku: SkuInAnyCase, quantity: Quantity }))
  .min(1, { error: 'must have at least one line' })
  .max(MOST_LINES, { error: `must have at most ${MOST_LINES} lines` })
  .superRefine((lines, context) => {
    const quantities = new Map<string, number>();
    for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
    for (const [sku, quantity] of quantities) {
      if (!Quantity.safeParse(quantity).success) {
        context.addIssue({ code: 'custom', message: `too many pieces of ${sku}` });
      }
    }
  });

const orderInput = <Customer extends z.ZodType>(customerId: Customer) =>
  z
    .object({
      customerId,
      idempotencyKey: lineOfText(128),
      lines: linesInput,
      paymentMethod: PaymentMethodToken,
      captureMethod: CaptureMethod,
      currency: optional(KnownCurrency),
      reference: optional(lineOfText(100)),
      expectedTotal: optional(moneyInput),
    })
    .refine(
      ({ currency, expectedTotal }) => !currency || !expectedTotal || currency === expectedTotal.currency,
      { path: ['expectedTotal', 'currency'], error: 'must be the currency of the order' },
    );

/** Of who orders for whomever they name. */
export const placeOrderInput = orderInput(CustomerId);
export type PlaceOrderInput = z.infer<typeof placeOrderInput>;

/** @param owner the customer who asks: they order for themselves, and need not say so; undefined: anybody else */
export const placeOrderInputOf = (owner: CustomerId | undefined) =>
  owner === undefined
    ? placeOrderInput
    : orderInput(optional(z.literal(owner, { error: 'must be your own id' })).transform(() => owner));

export const cancelOrderInput = z.object({
  orderId: OrderId,
  reason: reasonInput,
});

export const shipOrderInput = z.object({
  orderId: OrderId,
  carrier: lineOfText(100),
  trackingNumber: lineOfText(100),
});

/** The command that a request stands for. The key gives the order its id, the rest its hash. */
export function orderRequested({ idempotencyKey, expectedTotal, ...input }: PlaceOrderInput): UnpricedOrder {
  const { customerId, lines, paymentMethod, captureMethod, reference } = input;
  const currency = input.currency ?? expectedTotal?.currency;
  return {
    type: 'PlaceOrder',
    data: {
      orderId: orderIdOf(customerId, idempotencyKey),
      customerId,
      requestHash: hashOf({ ...input, expectedTotal }),
      lines,
      paymentMethod,
      captureMethod,
      ...(reference === undefined ? {} : { reference }),
      ...(currency === undefined ? {} : { currency }),
      ...(expectedTotal === undefined ? {} : { expectedTotal: expectedTotal.amount }),
    },
  };
}

/** SHA-256 over the request in one fixed order of its fields, as it came and before any price is put to it. */
function hashOf(request: Omit<PlaceOrderInput, 'idempotencyKey'>): string {
  const { customerId, lines, paymentMethod, captureMethod, currency, reference, expectedTotal } = request;
  const canonical = [
    customerId,
    lines.map(({ sku, quantity }) => [sku, quantity]),
    paymentMethod,
    captureMethod,
    currency ?? null,
    reference ?? null,
    expectedTotal ? [expectedTotal.amount, expectedTotal.currency] : null,
  ];
  return hash('sha256', JSON.stringify(canonical), 'hex');
}

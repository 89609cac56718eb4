import { PaymentId } from '@orders/shared-events/contracts/ids.js';
import {
  type PaymentEvent,
  ProviderOperation,
  RefundId,
} from '@orders/shared-events/contracts/payment.events.js';
import { z } from 'zod';
import { type PaymentState, type Terms, isPending } from './payment.state.js';

/** A call that the provider is owed: its intent is recorded, its outcome is not. Amount in minor units. */
export interface ProviderCall extends Omit<Terms, 'attempt' | 'captureMethod' | 'noted' | 'payableUntil'> {
  readonly operation: ProviderOperation;
  readonly attempt: number;
  readonly refundId?: string;
  /** The idempotency key: two calls with the same key take effect once. It changes only with the attempt. */
  readonly key: string;
  /** The key of the authorisation or charge that a capture, void or refund belongs to. */
  readonly authorizationKey: string;
}

/** What is owed follows from state alone, so that a crash between the intent and the call loses neither. */
export function owedCalls(state: PaymentState): readonly ProviderCall[] {
  switch (state.status) {
    case 'none':
    case 'expired':
    case 'voided':
      return [];
    case 'declined':
      return isPending(state.voiding?.status) ? [call(state, 'void', state.voiding?.attempt ?? 1)] : [];
    case 'requested':
      if (state.voiding)
        return isPending(state.voiding.status) ? [call(state, 'void', state.voiding.attempt)] : [];
      return [call(state, authorization(state), state.attempt)];
    case 'authorized':
      if (state.voiding)
        return isPending(state.voiding.status) ? [call(state, 'void', state.voiding.attempt)] : [];
      return isPending(state.capture?.status) ? [call(state, 'capture', state.capture?.attempt ?? 1)] : [];
    case 'captured':
      return [...state.refunds.values()]
        .filter(({ status }) => isPending(status))
        .map(({ refundId, amount, attempt }) => ({
          ...call(state, 'refund', attempt, refundId),
          amount,
          refundId,
        }));
  }
}

/** Whether the event is the intent of that very call. */
export function isIntentOf(
  { operation, attempt, refundId }: Pick<ProviderCall, 'operation' | 'attempt' | 'refundId'>,
  event: PaymentEvent,
): boolean {
  const asksFor = INTENTS[event.type];
  if (!asksFor?.includes(operation) || !('attempt' in event.data)) return false;
  const about = 'refundId' in event.data ? event.data.refundId : undefined;
  return event.data.attempt === attempt && about === refundId;
}

const INTENTS: Readonly<Partial<Record<PaymentEvent['type'], readonly ProviderOperation[]>>> = {
  PaymentRequested: ['authorize', 'charge'],
  CaptureRequested: ['capture'],
  VoidRequested: ['void'],
  RefundRequested: ['refund'],
};

function call(terms: Terms, operation: ProviderOperation, attempt: number, refundId?: string): ProviderCall {
  const { paymentId, orderId, amount, currency, paymentMethod } = terms;
  return {
    paymentId,
    orderId,
    amount,
    currency,
    paymentMethod,
    operation,
    attempt,
    key: keyOf(terms, operation, attempt, refundId),
    authorizationKey: keyOf(terms, authorization(terms), terms.attempt),
  };
}

const authorization = ({ captureMethod }: Terms): 'charge' | 'authorize' =>
  captureMethod === 'AUTOMATIC' ? 'charge' : 'authorize';

/** (payment, operation, attempt), and for a refund its id. */
const keyOf = (
  { paymentId }: Terms,
  operation: ProviderOperation,
  attempt: number,
  refundId?: string,
): string => [paymentId, operation, ...(refundId === undefined ? [] : [refundId]), attempt].join(':');

/** What a key names. */
export interface NamedCall {
  readonly paymentId: PaymentId;
  readonly operation: ProviderOperation;
  readonly refundId?: string;
  readonly attempt: number;
}

/** A refund's id may hold colons, too: it is all between the operation and the attempt. */
const KEY = /^([^:]+):([^:]+)(?::(.+))?:([1-9]\d{0,8})$/;

const NamedCall = z.object({
  paymentId: PaymentId,
  operation: ProviderOperation,
  refundId: RefundId.optional(),
  attempt: z.coerce.number(),
});

/** Undefined where the key is none of ours. */
export function callOf(key: string): NamedCall | undefined {
  const [, paymentId, operation, refundId, attempt] = KEY.exec(key) ?? [];
  const { data } = NamedCall.safeParse({ paymentId, operation, refundId, attempt });
  if (!data || (data.refundId !== undefined) !== (data.operation === 'refund')) return undefined;
  const { refundId: id, ...call } = data;
  return id === undefined ? call : { ...call, refundId: id };
}

import { hash } from 'node:crypto';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { EventMetadata, type RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { type Facts, type OrderFacts, availableOf, isKept, isOver, sumOf } from './facts.js';
import type { Ledger, LedgerEntry } from './ledger.js';
import { MOST_SKEW_MS } from './plan.js';
import type { Report } from './violation.js';

/** What the rules are held against. */
export interface Books {
  readonly facts: Facts;
  readonly ledger: Ledger;
}

type Complaint = string | undefined;
/** What an event breaks. The facts are those after it. */
type Rule = (event: RecordedEvent, order: OrderFacts | undefined, books: Books) => Complaint;

const orderIdIn = ({ data }: RecordedEvent): string =>
  typeof data === 'object' && data !== null && 'orderId' in data ? String(data.orderId) : '';

/** What must hold after every event, by the types that could break it. */
const rules: Readonly<Record<string, { readonly of: readonly string[]; readonly broken: Rule }>> = {
  'a confirmed order has its money and its stock is firm': {
    of: ['OrderConfirmed', 'OrderCompleted', 'OrderShipped'],
    broken: (event, order, { facts, ledger }) => {
      if (!order) return 'never placed';
      const { paymentId, refundsAsked } = facts.payment(order.orderId);
      const { captured } = ledger.holdings(paymentId);
      if (captured < order.total) return `the provider took ${captured} of ${order.total}`;
      if (refundsAsked.has(UNDO_REFUND_ID) && !facts.forced.has(order.orderId))
        return 'all of it is given back';
      if (event.type !== 'OrderConfirmed') return undefined;
      const held = facts.reservationsOf(order.orderId);
      if (held.length < order.quantities.size)
        return `${held.length} of ${order.quantities.size} SKUs are reserved`;
      return held.every(({ isFirm }) => isFirm) ? undefined : 'a reservation may still expire';
    },
  },
  'an order is not called off while money or stock is held': {
    of: ['OrderRejected', 'OrderCancelled'],
    broken: (_event, order, { facts, ledger }) => {
      if (!order) return 'never placed';
      const { held, captured, refunded } = ledger.holdings(facts.payment(order.orderId).paymentId);
      if (captured > refunded) return `the provider keeps ${captured - refunded}`;
      if (held > 0) return `the provider holds ${held}`;
      const open = facts.reservationsOf(order.orderId).length;
      return open > 0 ? `${open} reservations are open` : undefined;
    },
  },
  'captured is at most what was asked for': {
    of: ['PaymentCaptured'],
    broken: (_event, order, { facts }) => {
      const { captured, requested } = facts.payment(order?.orderId ?? '');
      return captured > requested ? `${captured} of ${requested}` : undefined;
    },
  },
  'refunded is at most captured': {
    of: ['RefundRequested', 'PaymentRefunded'],
    broken: (_event, order, { facts }) => {
      const { captured, refunds, refundsAsked } = facts.payment(order?.orderId ?? '');
      const most = Math.max(sumOf(refunds.values()), sumOf(refundsAsked.values()));
      return most > captured ? `${most} of ${captured}` : undefined;
    },
  },
  'what the log says of money the provider has done': {
    of: [
      'PaymentAuthorized',
      'PaymentCaptured',
      'PaymentRefunded',
      'AuthorizationVoided',
      'AuthorizationExpired',
    ],
    broken: (event, order, { facts, ledger }) => {
      const { paymentId, captured, refunds, authorized } = facts.payment(order?.orderId ?? '');
      const done = ledger.holdings(paymentId);
      if (captured > done.captured) return `captured ${captured}, by the provider ${done.captured}`;
      const refunded = sumOf(refunds.values());
      if (refunded > done.refunded) return `refunded ${refunded}, by the provider ${done.refunded}`;
      const wasAuthorized = ledger
        .of(paymentId)
        .some(({ call, outcome }) => call.operation === 'authorize' && /succeeded|expired/.test(outcome));
      if (authorized > 0 && !wasAuthorized) return 'nothing was authorised';
      const isGivenBack = event.type === 'AuthorizationVoided' || event.type === 'AuthorizationExpired';
      return isGivenBack && done.held > 0 ? `the provider holds ${done.held}` : undefined;
    },
  },
  'the provider does nothing that nobody asked for': {
    of: ['ProviderNotificationUnmatched'],
    broken: ({ data }) => JSON.stringify(data),
  },
  'stock is never promised twice': {
    of: ['StockReserved', 'StockAdjusted', 'StockReservationCommitted'],
    broken: ({ data }, _order, { facts }) => {
      const available = availableOf(facts.stock((data as { readonly sku: string }).sku));
      return available < 0 ? `${available} available` : undefined;
    },
  },
  'only what was kept leaves the house': {
    of: ['StockReservationCommitted'],
    broken: (_event, order) =>
      order && isKept(order) && order.status !== 'confirmed' ? undefined : `the order is ${order?.status}`,
  },
};

export const eventRules: readonly string[] = Object.keys(rules);

const byType = new Map<string, [name: string, broken: Rule][]>();
for (const [name, { of, broken }] of Object.entries(rules)) {
  for (const type of of) byType.set(type, [...(byType.get(type) ?? []), [name, broken]]);
}

/** What is recorded once in its stream, or once for each of these fields of it. */
const once: { readonly [Type in DomainEvent['type']]?: readonly string[] } = {
  ProductRegistered: [],
  StockReceived: ['receiptId'],
  StockAdjusted: ['adjustmentId'],
  StockReservationCommitted: ['reservationId'],
  OrderPlaced: [],
  OrderConfirmed: [],
  OrderRejected: [],
  OrderCancellationRequested: [],
  OrderCancelled: [],
  OrderShipped: [],
  OrderCompleted: [],
  PaymentRequested: ['attempt'],
  PaymentAuthorized: [],
  PaymentDeclined: ['attempt'],
  CaptureRequested: ['attempt'],
  PaymentCaptured: [],
  PaymentCaptureFailed: ['attempt'],
  VoidRequested: ['attempt'],
  AuthorizationVoided: [],
  AuthorizationExpired: [],
  VoidFailed: ['attempt'],
  RefundRequested: ['refundId', 'attempt'],
  PaymentRefunded: ['refundId'],
  RefundFailed: ['refundId', 'attempt'],
};

type DataOf<Type extends DomainEvent['type']> = Extract<DomainEvent, { type: Type }>['data'];

/** What no call may come to, since nobody may have asked for it: the provider refuses it, and must not have to. */
const PREVENTED = ['already_captured', 'refund_exceeds_captured'];

const takes = (operation: ProviderOperation): boolean => operation === 'charge' || operation === 'capture';
const isSame = (one: ProviderOperation, other: ProviderOperation): boolean =>
  one === other || (takes(one) && takes(other));

/** That nothing is held is recorded again where it is not looked at any more, which is once its time is over. */
function isOldMark({ type, data, recordedAt }: RecordedEvent): boolean {
  if (type !== 'StockReservationReleased') return false;
  const { quantity, expiresAt } = data as { readonly quantity: number; readonly expiresAt: string };
  return quantity === 0 && Date.parse(expiresAt) - MOST_SKEW_MS <= recordedAt.getTime();
}

/** UUIDv5 (RFC 9562) of the index in the command's namespace, as the product has it, and not by the product's own hand. */
function uuidOf(commandId: string, index: number): string {
  const named = Buffer.concat([
    Buffer.from(commandId.replaceAll('-', ''), 'hex'),
    Buffer.from(String(index)),
  ]);
  const hex = hash('sha1', named, 'hex');
  const variant = (8 + (Number.parseInt(hex.charAt(16), 16) & 3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Holds every event against the rules as it is appended, and every effect at the provider as it happens. */
export class Safety {
  readonly #commands = new Set<string>();
  readonly #recorded = new Set<string>();

  constructor(
    private readonly books: Books,
    private readonly nameOf: (stream: string) => string,
    private readonly report: Report,
    /** To derive the ids again costs a twentieth of a run. */
    private readonly checksIds: boolean,
  ) {}

  /** Before the facts change. */
  before(event: RecordedEvent): void {
    const { streamId, type } = event;
    const order = this.books.facts.orders.get(orderIdIn(event));
    const where = `${this.nameOf(streamId)}: ${type}`;
    if (order && isOver(order) && streamId.startsWith('order-'))
      this.report('an order that is over stays as it is', `${where} after ${order.status}`);
    const complaint = streamId.startsWith('stock-') ? this.#aboutReservation(event) : undefined;
    if (complaint)
      this.report('what is given back was held, and what is held was not', `${where}: ${complaint}`);
    this.#isOnce(event);
  }

  #isOnce({ streamId, type, data }: RecordedEvent): void {
    const keys = once[type as DomainEvent['type']];
    if (!keys) return;
    const values = keys.map((key) => String((data as Readonly<Record<string, unknown>>)[key]));
    const name = [type, ...values].join(' ');
    if (this.#recorded.has(`${streamId} ${name}`))
      this.report('what has a name of its own is recorded once', `${this.nameOf(streamId)}: ${name}`);
    this.#recorded.add(`${streamId} ${name}`);
  }

  #aboutReservation({ type, data }: RecordedEvent): Complaint {
    if (!/^StockReserv/.test(type)) return undefined;
    const { sku, reservationId, quantity } = data as DataOf<'StockReserved'>;
    const open = this.books.facts.stock(sku).open.get(reservationId);
    switch (type) {
      case 'StockReserved':
        return open && `${open.quantity} are held`;
      case 'StockReservationConfirmed':
        return open ? undefined : 'nothing is held';
      case 'StockReservationReleased':
      case 'StockReservationExpired':
      case 'StockReservationCommitted':
        return quantity === (open?.quantity ?? 0)
          ? undefined
          : `${open?.quantity ?? 0} of ${quantity} are held`;
      default:
        return undefined;
    }
  }

  /** One append. */
  appended(stream: string, events: readonly RecordedEvent[]): void {
    this.#idsFollow(stream, events);
    for (const event of events) {
      for (const [name, broken] of byType.get(event.type) ?? []) {
        const complaint = broken(event, this.books.facts.orders.get(orderIdIn(event)), this.books);
        if (complaint) this.report(name, `${this.nameOf(stream)}: ${event.type}: ${complaint}`);
      }
    }
  }

  /** At the provider. What one key stands for takes effect once, and the money of an order is taken once. */
  decided({ call, outcome, code = '' }: LedgerEntry): void {
    const { paymentId, operation, refundId } = call;
    if (operation !== 'void' && PREVENTED.includes(code))
      this.report(
        'the provider is not asked for what nobody may want',
        `${this.nameOf(paymentId)}: ${call.key}: ${code}`,
      );
    if (outcome !== 'succeeded') return;
    const succeeded = this.books.ledger.of(paymentId).filter(({ outcome }) => outcome === 'succeeded');
    const same = succeeded.filter(
      ({ call }) => isSame(call.operation, operation) && call.refundId === refundId,
    );
    if (same.length < 2) return;
    const what = `${this.nameOf(paymentId)}: ${same.map(({ call }) => call.key).join(', ')}`;
    this.report('the provider does nothing twice', what);
  }

  /** A command takes effect in one append, and its events are named after it. */
  #idsFollow(stream: string, events: readonly RecordedEvent[]): void {
    let [commandId, index] = ['', 0];
    for (const event of events) {
      const { id, metadata } = event;
      const next = EventMetadata.shape.commandId.parse((metadata as { commandId?: unknown }).commandId);
      index = next === commandId ? index + 1 : 0;
      if (index === 0 && !isOldMark(event) && this.#commands.has(`${stream} ${next}`)) {
        this.report('nothing takes effect twice', `${this.nameOf(stream)}: command ${next}`);
      }
      commandId = next;
      this.#commands.add(`${stream} ${commandId}`);
      if (this.checksIds && id !== uuidOf(commandId, index)) {
        this.report(
          'an event is named after its command',
          `${this.nameOf(stream)}: event ${index} of ${commandId}`,
        );
      }
    }
  }
}

import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type OperatorRequest, requestId } from '@orders/process-managers/operator-request.js';
import type { ActionOutcome } from '@orders/process-managers/process-actions.js';
import {
  type OrderId,
  type Sku,
  orderProcessStream,
  orderStream,
  paymentIdOf,
  paymentStream,
  productStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import type { Request } from './command-side.js';
import type { EventLog } from './event-log.js';
import { MOST_SKEW_MS } from './plan.js';
import { type Asked, type Past, type Refusal, refusalReasons, skusOf } from './refusals.js';
import type { Report } from './violation.js';

/** How a request ended, as far as whoever made it is told. */
export type Answer =
  | { readonly outcome: 'happened' | 'repeated'; readonly position: bigint }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

type AskedOf<Type extends Asked['type']> = Extract<Asked, { type: Type }>['data'];

/** Whether an event is what such a request is for. Requests that only processes make are not listed. */
type Records = { readonly [Type in Asked['type']]?: (event: DomainEvent, data: AskedOf<Type>) => boolean };

const records: Records = {
  RegisterProduct: ({ type, data }, { price, name }) =>
    type === 'ProductRegistered' && data.price === price && data.name === name,
  ChangePrice: ({ type, data }, { price }) =>
    (type === 'ProductPriceChanged' || type === 'ProductRegistered') && data.price === price,
  ReceiveStock: ({ type, data }, { receiptId, quantity }) =>
    type === 'StockReceived' && data.receiptId === receiptId && data.quantity === quantity,
  AdjustStock: ({ type, data }, { adjustmentId, delta }) =>
    type === 'StockAdjusted' && data.adjustmentId === adjustmentId && data.delta === delta,
  PlaceOrder: ({ type, data }, { requestHash }) => type === 'OrderPlaced' && data.requestHash === requestHash,
  RequestCancellation: ({ type }) => type === 'OrderCancellationRequested',
  ShipOrder: ({ type, data }, { trackingNumber }) =>
    type === 'OrderShipped' && data.trackingNumber === trackingNumber,
  RetryPayment: ({ type, data }, { paymentMethod }) =>
    type === 'PaymentRequested' && data.attempt > 1 && data.paymentMethod === paymentMethod,
  RequestRefund: ({ type, data }, { refundId, amount }) =>
    type === 'RefundRequested' && data.refundId === refundId && data.amount === amount,
};

/**
 * Holds what people are told against the log, at the moment they are told it: what is said to be done stands there, of
 * this very request where it is said to have happened just now, and can be read at the position that is told; what is
 * refused is refused for a reason that there was while it was asked for.
 */
export class Answers {
  constructor(
    private readonly log: EventLog,
    private readonly now: () => number,
    private readonly report: Report,
  ) {}

  /** @returns to be told of the answer to what is asked now */
  asked(what: string, { addressed }: Request): (answer: Answer) => void {
    const since = this.log.position;
    return (answer) => {
      const { commandId, stream, command } = addressed;
      if (answer.outcome === 'refused') return this.#refused(what, command, answer.refusal, since);
      const recorded = this.log.stream(stream).filter((event) => isRecordOf(command, event));
      const found =
        answer.outcome === 'happened'
          ? recorded.find(({ metadata }) => (metadata as { commandId?: unknown }).commandId === commandId)
          : recorded.find((event) => this.#stillStands(command, event, since));
      if (!found) this.report('what was answered stands in the log', `${what}: ${answer.outcome}`);
      else if (found.position > answer.position || answer.position > this.log.position)
        this.report('what was answered can be read at its position', `${what}: ${answer.position}`);
    };
  }

  /** What is said to be done to a process stands in its stream, and whatever is asked for stands there once at most. */
  operated(what: string, orderId: OrderId, request: OperatorRequest, { outcome }: ActionOutcome): void {
    const stream = orderProcessStream(orderId);
    const commandId = requestId(stream, request);
    const recorded = this.log
      .stream(stream)
      .filter(({ metadata }) => (metadata as { commandId?: unknown }).commandId === commandId);
    const isDone = outcome === 'done' || outcome === 'repeated';
    if (recorded.length > 1 || (isDone && recorded.length === 0))
      this.report('what was answered stands in the log', `${what}: ${outcome}, ${recorded.length} times`);
  }

  /** What a price was changed to is not what it is once it has been changed again. */
  #stillStands({ type }: Asked, { streamId, position }: RecordedEvent, since: bigint): boolean {
    if (type !== 'ChangePrice') return true;
    return this.log.stream(streamId).every((later) => later.position <= position || later.position > since);
  }

  #refused(what: string, command: Asked, refusal: Refusal, since: bigint): void {
    const { code } = refusal;
    const isReason = refusalReasons[code];
    const moments = this.#momentsSince(since, command);
    // A clock that is ahead sees what is over for nobody else.
    const latest = new Date(this.now() + MOST_SKEW_MS).toISOString();
    if (!moments.some((past) => isReason?.(past, command, latest)))
      this.report('a refusal has a reason that there was', `${what}: ${code}`);
  }

  /** What stood in the streams that decide about it when it was asked, and after each event since. */
  #momentsSince(since: bigint, command: Asked): Past[] {
    const events = streamsAbout(command)
      .flatMap((stream) => this.log.stream(stream))
      .sort((one, other) => Number(one.position - other.position));
    const before = events.filter(({ position }) => position <= since).length;
    const past = events.map(({ type, data, streamId }) => ({ type, data, streamId }) as Past[number]);
    return Array.from({ length: events.length - before + 1 }, (_none, more) => past.slice(0, before + more));
  }
}

function isRecordOf({ type: asked, data: request }: Asked, { type, data }: RecordedEvent): boolean {
  const isRecord = records[asked] as ((event: DomainEvent, request: Asked['data']) => boolean) | undefined;
  return isRecord?.({ type, data } as DomainEvent, request) ?? false;
}

function streamsAbout(command: Asked): string[] {
  const { data } = command;
  const aboutOrder = 'orderId' in data ? ofOrder(data.orderId) : [];
  return [...aboutOrder, ...[...new Set(skusOf(command))].flatMap(ofSku)];
}

const ofOrder = (orderId: OrderId): string[] => [orderStream(orderId), paymentStream(paymentIdOf(orderId))];
const ofSku = (sku: Sku): string[] => [productStream(sku), stockStream(sku)];

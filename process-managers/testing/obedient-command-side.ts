import { type BusCommand, readCommand } from '@orders/shared-events/contracts/commands.js';
import { CommandMessage, type NewEvent } from '@orders/shared-events/contracts/envelope.js';
import {
  type OrderId,
  type StreamName,
  eventIdOf,
  orderStream,
  paymentStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import {
  type Consumption,
  DeadLetter,
  type MessageBus,
} from '@orders/shared-events/transport/message-bus.js';
import { commandTopology } from '@orders/shared-events/transport/topology.js';

type Answer = {
  readonly stream: StreamName;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Answers each command with the success it asks for, once, unless told to keep silent. */
export class ObedientCommandSide {
  readonly received: CommandMessage[] = [];
  silent = new Set<BusCommand['type']>();
  #consumptions: Consumption[] = [];
  readonly #answered = new Set<string>();
  readonly #tails = new Map<StreamName, Promise<unknown>>();

  constructor(
    private readonly store: EventStore,
    private readonly bus: MessageBus,
  ) {}

  async start(): Promise<void> {
    this.#consumptions = await Promise.all(
      commandTopology.queues.map(({ name }) =>
        this.bus.consume(name, ({ body }) => this.#execute(commandIn(body)), { prefetch: 100 }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumptions.map((consumption) => consumption.stop()));
  }

  receivedOf(type: BusCommand['type'], orderId: OrderId): CommandMessage[] {
    return this.received.filter((message) => message.type === type && orderOf(message) === orderId);
  }

  async #execute(message: CommandMessage): Promise<void> {
    this.received.push(message);
    const command = readCommand(message);
    if (this.silent.has(command.type) || this.#answered.has(message.commandId)) return;
    this.#answered.add(message.commandId);
    const { stream, type, data } = answerTo(command);
    await this.append(stream, type, data, message);
  }

  /** As any aggregate would: behind whatever is there. */
  async append(
    stream: StreamName,
    type: string,
    data: Readonly<Record<string, unknown>>,
    message?: CommandMessage,
  ): Promise<bigint> {
    const before = this.#tails.get(stream) ?? Promise.resolve();
    const appended = before.then(() => this.#appendNow(stream, type, data, message));
    this.#tails.set(
      stream,
      appended.catch(() => undefined),
    );
    return appended;
  }

  async #appendNow(
    stream: StreamName,
    type: string,
    data: Readonly<Record<string, unknown>>,
    message?: CommandMessage,
  ): Promise<bigint> {
    const commandId = message?.commandId ?? (crypto.randomUUID() as CommandMessage['commandId']);
    const event: NewEvent = {
      id: eventIdOf(commandId, 0),
      type,
      data,
      metadata: {
        $correlationId: message?.origin.correlationId ?? `correlation-${commandId}`,
        $causationId: commandId,
        commandId,
        actor: { kind: 'customer', subject: 'customer-1' },
        occurredAt: new Date().toISOString(),
        schemaVersion: 1,
      },
    };
    let expected: bigint | 'no_stream' = 'no_stream';
    for await (const last of this.store.readStreamBackwards(stream, 1)) expected = last.revision;
    const result = await this.store.append(stream, expected, [event]);
    if (result.outcome === 'conflict') throw new Error(`conflict on ${stream}`);
    return result.position;
  }
}

/** What cannot be decoded is a dead letter at once. */
function commandIn(body: unknown): CommandMessage {
  const parsed = CommandMessage.safeParse(body);
  if (!parsed.success) throw new DeadLetter('no command');
  return parsed.data;
}

const orderOf = ({ data }: CommandMessage): unknown =>
  typeof data === 'object' && data !== null && 'orderId' in data ? data.orderId : undefined;

function answerTo({ type, data }: BusCommand): Answer {
  switch (type) {
    case 'AuthorizePayment': {
      const { paymentId, orderId, amount, captureMethod } = data;
      const event = captureMethod === 'AUTOMATIC' ? 'PaymentCaptured' : 'PaymentAuthorized';
      const paid = { paymentId, orderId, amount, attempt: 1, providerReference: 'ref' };
      return { stream: paymentStream(paymentId), type: event, data: paid };
    }
    case 'CapturePayment':
      return {
        stream: paymentStream(data.paymentId),
        type: 'PaymentCaptured',
        data: { ...data, amount: 2_500, providerReference: 'ref' },
      };
    case 'VoidAuthorization':
      return {
        stream: paymentStream(data.paymentId),
        type: 'AuthorizationVoided',
        data: { paymentId: data.paymentId, orderId: data.orderId },
      };
    case 'RefundPayment':
      return {
        stream: paymentStream(data.paymentId),
        type: 'PaymentRefunded',
        data: { ...data, providerReference: 'ref' },
      };
    case 'ReserveStock':
      return { stream: stockStream(data.sku), type: 'StockReserved', data };
    case 'ConfirmReservation':
      return { stream: stockStream(data.sku), type: 'StockReservationConfirmed', data };
    case 'CommitReservation':
      return {
        stream: stockStream(data.sku),
        type: 'StockReservationCommitted',
        data: { ...data, quantity: 1 },
      };
    case 'ReleaseReservation':
      return {
        stream: stockStream(data.sku),
        type: 'StockReservationReleased',
        data: { ...data, quantity: 1 },
      };
    case 'ExpireReservation':
      throw new Error('no process asks for this');
    case 'ConfirmOrder':
      return { stream: orderStream(data.orderId), type: 'OrderConfirmed', data };
    case 'RejectOrder':
      return { stream: orderStream(data.orderId), type: 'OrderRejected', data };
    case 'RequestCancellation':
      return { stream: orderStream(data.orderId), type: 'OrderCancellationRequested', data };
    case 'CancelOrder':
      return { stream: orderStream(data.orderId), type: 'OrderCancelled', data };
    case 'CompleteOrder':
      return { stream: orderStream(data.orderId), type: 'OrderCompleted', data };
  }
}

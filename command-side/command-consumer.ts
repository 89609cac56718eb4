import {
  type BusCommand,
  aggregateOf,
  busCommands,
  readCommand,
} from '@orders/shared-events/contracts/commands.js';
import type { BusAggregate } from '@orders/shared-events/contracts/commands.js';
import { CommandMessage } from '@orders/shared-events/contracts/envelope.js';
import {
  type Consumption,
  DeadLetter,
  type Delivery,
  type MessageBus,
  Pause,
} from '@orders/shared-events/transport/message-bus.js';
import { type LogSink, contextOf, runInContext } from '@orders/shared-events/transport/observability.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { commandQueue } from '@orders/shared-events/transport/topology.js';
import { isOutage } from './outage.js';

/** How the consumer has a command carried out; the refusal's code where it is refused. */
export type CarryOut = (message: CommandMessage, command: BusCommand) => Promise<string | undefined>;

/** Messages of one queue that are in hand at once. Those on one stream still go one after the other. */
const PREFETCH = 100;
const AGGREGATES = Object.keys(busCommands) as BusAggregate[];

/**
 * Takes the process managers' commands from the bus. A command that is refused is done: whoever must hear of it
 * hears an event. What cannot be decoded is dead-lettered; while something that a command needs is away, it waits.
 */
export class CommandConsumer {
  #consumptions: Consumption[] = [];

  constructor(
    private readonly bus: Pick<MessageBus, 'consume'>,
    private readonly carryOut: CarryOut,
    private readonly logger: LogSink,
  ) {}

  async start(): Promise<void> {
    this.#consumptions = await Promise.all(
      AGGREGATES.map((aggregate) =>
        this.bus.consume(commandQueue(aggregate), (delivery) => this.#take(aggregate, delivery), {
          prefetch: PREFETCH,
        }),
      ),
    );
  }

  /** Takes no more and finishes what is in hand. */
  async stop(): Promise<void> {
    await Promise.all(this.#consumptions.splice(0).map((consumption) => consumption.stop()));
  }

  async #take(aggregate: BusAggregate, { body }: Delivery): Promise<void> {
    const { message, command } = decoded(aggregate, body);
    const { correlationId, traceparent } = message.origin;
    await runInContext(contextOf(correlationId, traceparent), () => this.#execute(message, command));
  }

  async #execute(message: CommandMessage, command: BusCommand): Promise<void> {
    const { commandId, type } = message;
    if (Date.parse(message.expiresAt) <= Date.now()) {
      this.logger.info({ commandId, type }, 'the command came too late');
      return;
    }
    try {
      const refusal = await this.carryOut(message, command);
      if (refusal !== undefined) this.logger.info({ commandId, type, refusal }, 'the command was refused');
    } catch (error) {
      if (isOutage(error)) throw new Pause(`${type} has to wait`, { cause: error });
      throw error;
    }
  }
}

/** Throws DeadLetter for what is no command of this aggregate. */
function decoded(aggregate: BusAggregate, body: unknown): { message: CommandMessage; command: BusCommand } {
  try {
    const message = CommandMessage.parse(body);
    const command = readCommand(message);
    if (aggregateOf(command) === aggregate) return { message, command };
  } catch (error) {
    throw new DeadLetter(oneLine(error), { cause: error });
  }
  throw new DeadLetter(`not a command to ${aggregate}`);
}

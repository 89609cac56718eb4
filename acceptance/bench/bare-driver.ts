import { EventStoreDBClient, NO_STREAM, jsonEvent } from '@eventstore/db-client';
import {
  INTEGRATION_EVENTS,
  COMMANDS,
  commandTopology,
  declare,
} from '@orders/shared-events/transport/topology.js';
import { type ConfirmChannel, connect } from 'amqplib';
import { BareProjections } from './bare-projections.js';
import type { Workload } from './operations.js';
import { Progress } from './progress.js';
import type { BackEnds } from './stage.js';
import type { Publish, Step } from './workload.js';

/** As many as our own consumers have in hand. */
const PREFETCH = 100;

/** Does the operations of a workload with the drivers alone: no decisions, no checks, nothing recovered. */
export class BareDriver {
  /** Of each stream: its revision, once the last append to it is answered. */
  readonly #lanes = new Map<string, Promise<bigint>>();
  #commandsLeft = 0;
  #allConsumed: () => void = () => undefined;

  private constructor(
    private readonly log: EventStoreDBClient,
    private readonly channel: ConfirmChannel,
    private readonly projections: BareProjections,
  ) {}

  /** Connects, with the queues and tables that ours would find. */
  static async connect(backEnds: BackEnds): Promise<BareDriver> {
    const log = EventStoreDBClient.connectionString(backEnds.EVENTSTORE_URL);
    const connection = await connect(backEnds.RABBITMQ_URL, { noDelay: true });
    const channel = await connection.createConfirmChannel();
    await declare(channel, commandTopology);
    await channel.assertExchange(INTEGRATION_EVENTS, 'topic', { durable: true });
    const driver = new BareDriver(log, channel, await BareProjections.connect(backEnds.DATABASE_URL));
    for (const { name } of commandTopology.queues) {
      const consuming = await connection.createChannel();
      await consuming.prefetch(PREFETCH);
      await consuming.consume(name, (message) => {
        if (!message) throw new Error(`${name} is gone`);
        JSON.parse(message.content.toString('utf8'));
        consuming.ack(message);
        driver.#consumed();
      });
    }
    return driver;
  }

  /** Resolves once everything is done: appended, confirmed, consumed and committed. */
  async run({ ways, readModels, processes }: Workload, inFlight: number): Promise<void> {
    const progress = new Progress(ways.length);
    const publishes = ways.flat().flatMap((step) => step.publishes);
    this.#commandsLeft = publishes.filter(({ exchange }) => exchange === COMMANDS).length;
    const consumed = new Promise<void>((resolve) => (this.#allConsumed = resolve));
    const next = ways.values();
    const worker = async (): Promise<void> => {
      for (const way of next) {
        for (const step of way) await this.#take(step);
        progress.advance();
      }
    };
    await Promise.all([
      ...Array.from({ length: inFlight }, worker),
      this.projections.writeReadModels(readModels, progress),
      this.projections.writeProcesses(processes, progress),
      consumed,
    ]);
  }

  async #take({ stream, events, publishes }: Step): Promise<void> {
    const before: Promise<bigint | typeof NO_STREAM> = this.#lanes.get(stream) ?? Promise.resolve(NO_STREAM);
    const append = before.then(async (expectedRevision) => {
      const encoded = events.map((event) => jsonEvent(event));
      const appended = await this.log.appendToStream(stream, encoded, { expectedRevision });
      return appended.nextExpectedRevision;
    });
    this.#lanes.set(stream, append);
    await append;
    await Promise.all(publishes.map((message) => this.#publish(message)));
  }

  #publish({ exchange, routingKey, body, options }: Publish): Promise<void> {
    return new Promise((resolve, reject) => {
      this.channel.publish(
        exchange,
        routingKey,
        Buffer.from(JSON.stringify(body)),
        { persistent: true, contentType: 'application/json', ...options },
        (error: unknown) => (error ? reject(new Error('not confirmed', { cause: error })) : resolve()),
      );
    });
  }

  #consumed(): void {
    this.#commandsLeft -= 1;
    if (this.#commandsLeft === 0) this.#allConsumed();
  }
}

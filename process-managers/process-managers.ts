import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { onceThere } from '@orders/shared-events/transport/once-there.js';
import { backoff, settles, sleep } from '@orders/shared-events/transport/waiting.js';
import type { Pool } from 'pg';
import { Checkpoints } from './checkpoints.js';
import { sendCommand } from './commands.js';
import { type ProcessSettings, durationsOf, patienceOf, resendsOf } from './configuration.js';
import { DeadLetterCollector } from './dead-letters/dead-letter-collector.js';
import { deadLetterSender } from './dead-letters/dead-letter-sender.js';
import { DeadLetters } from './dead-letters/dead-letters.table.js';
import { replayer } from './forwarder/replayer.js';
import { ReplaysTable } from './forwarder/replays.table.js';
import { forwarder } from './forwarder/forwarder.js';
import { LEASE_TIMES, type LeaseTimes, Leases } from './leases.js';
import { DeferredRetries } from './order-process/deferred-retries.js';
import { Hearing } from './order-process/hearing.js';
import { processesProjection } from './order-process/processes.projection.js';
import { ProcessesTable } from './order-process/processes.table.js';
import { Timers } from './order-process/timers.js';
import { ParkedTable } from './parking/parked.table.js';
import { Parking } from './parking/parking.js';
import { type Effects, ProcessRunner } from './process.js';
import { ProcessActions } from './process-actions.js';
import { Processes } from './processes.js';
import { eventsOfOrder } from './quarantine/events-of-order.js';
import { QuarantineTable } from './quarantine/quarantine.table.js';

export interface ProcessManagersOptions {
  readonly eventStore: Pick<
    EventStore,
    'append' | 'readStream' | 'readStreamBackwards' | 'subscribe' | 'eventAt' | 'head' | 'identity'
  >;
  readonly messageBus: Pick<MessageBus, 'publish' | 'publishBytes' | 'consume' | 'connected'>;
  readonly pool: Pool;
  /** Brings the schema behind `pool` up to date. */
  readonly migrate: () => Promise<void>;
  readonly settings: ProcessSettings;
  readonly logger: LogSink;
  readonly leaseTimes?: LeaseTimes;
}

/** Of the time that a process has for its end. */
const STOP_MS = 5_000;

const BOOTED = { name: 'process-managers-now', text: 'SELECT now()::text AS now' };
const PROJECTED = {
  name: 'process-managers-projected',
  text: `
    SELECT caught_up_at > $2::timestamptz OR position >= $3 AS reached
    FROM process_managers.checkpoints WHERE name = $1`,
};

/** One instance of the process managers: everything that runs, and in which order it starts and stops. */
export class ProcessManagers {
  readonly instance = `${hostname()}-${randomUUID().slice(0, 8)}`;
  /** What operators do to processes, whichever instance holds them. */
  readonly actions: ProcessActions;
  readonly #stop = new AbortController();
  /** Of a start that waits. */
  readonly #givenUp = new AbortController();
  readonly #hearing: Hearing;
  readonly #leases: Leases;
  readonly #timers: Timers;
  readonly #collector: DeadLetterCollector;
  readonly #checkpoints: Checkpoints;
  readonly #sole;
  #booted = { at: '', head: 0n };

  constructor(private readonly options: ProcessManagersOptions) {
    const { settings, eventStore: log, messageBus: bus, pool, logger, leaseTimes = LEASE_TIMES } = options;
    const quarantine = new QuarantineTable(pool);
    const processes = new Processes((stream) => log.readStream(stream));
    const table = new ProcessesTable(pool, durationsOf(settings), resendsOf(settings));
    // One a pause: as many as there are events in hand.
    setMaxListeners(0, this.#stop.signal);
    const parking = new Parking(new ParkedTable(pool, settings.PARKING_DEADLINE), logger);
    const effects = this.#effects(quarantine, parking);
    const runner = new ProcessRunner(processes, effects, logger);
    this.actions = new ProcessActions(log, effects, logger);
    const checkpoints = new Checkpoints(pool);
    this.#checkpoints = checkpoints;
    this.#hearing = new Hearing({
      log,
      runner,
      checkpoints,
      quarantine,
      parking,
      logger,
    });
    const projection = processesProjection({ log, checkpoints, logger }, processes, table);
    const deadLetters = new DeadLetters(pool);
    const following = { log, checkpoints, logger, bus };
    this.#sole = [
      projection,
      forwarder(following, bus, deadLetters),
      deadLetterSender({ ...following, letters: deadLetters }),
      replayer({ ...following, replays: new ReplaysTable(pool) }),
    ];
    this.#leases = new Leases(pool, this.instance, [this.#hearing, ...this.#sole], logger, leaseTimes);
    this.#timers = new Timers({
      hearing: this.#hearing,
      runner,
      table,
      deferred: new DeferredRetries(table),
      parking,
      send: effects.send,
      projected: () => this.#projected(),
      connected: () => bus.connected,
      graceMs: settings.PROCESS_RESEND_INTERVAL,
      patienceMs: (stage) => patienceOf(settings, stage),
      logger,
    });
    this.#collector = new DeadLetterCollector(bus, deadLetters);
  }

  /**
   * Waits for servers that are away. Throws OtherLog where the database was made from another log; nothing runs then.
   */
  async start(): Promise<void> {
    const { logger } = this.options;
    const { signal } = this.#givenUp;
    await onceThere(() => this.#prepare(), logger, signal);
    this.#hearing.start();
    await onceThere(() => this.#leases.start(), logger, signal);
    this.#timers.start();
    await this.#collector.start();
  }

  async #prepare(): Promise<void> {
    const { migrate, eventStore, pool } = this.options;
    await migrate();
    const names = [...this.#hearing.names, ...this.#sole.flatMap((follower) => follower.names)];
    await this.#checkpoints.seed(names, await eventStore.identity());
    const { rows } = await pool.query<{ now: string }>(BOOTED);
    this.#booted = { at: rows[0]?.now ?? '', head: await eventStore.head() };
  }

  /**
   * Finishes what is in hand, stores how far it came, and frees the leases. Where Postgres or the broker does not
   * answer, that has an end, too: leases expire, and what was not stored is heard again.
   */
  async stop(): Promise<void> {
    this.#givenUp.abort(new Error('stopped while it started'));
    const finished = this.#finish();
    if (await settles(STOP_MS, finished)) return finished;
    this.options.logger.warn('the process managers stop in the middle of their work');
    this.#stop.abort();
  }

  async #finish(): Promise<void> {
    await Promise.all([this.#timers.stop(), this.#collector.stop()]);
    await this.#leases.stop();
    this.#stop.abort();
    await this.#hearing.stop();
  }

  #effects(quarantine: QuarantineTable, parking: Parking): Effects {
    const { eventStore, messageBus } = this.options;
    const now = () => new Date().toISOString();
    return {
      append: (stream, expected, events) => eventStore.append(stream, expected, events),
      send: (command, origin) => sendCommand(messageBus, command, origin, now()),
      quarantine: (orderId, finding) => quarantine.put(orderId, finding),
      release: (orderId, position) => quarantine.release(orderId, position),
      readAgain: (orderId, positions) => eventsOfOrder(eventStore, orderId, positions),
      park: (orderId, event) => parking.park(orderId, event),
      match: (event) => parking.match(event),
      now,
      pause: async (repeat) => {
        await sleep(backoff(repeat), this.#stop.signal);
        if (this.#stop.signal.aborted) throw new Error('the process managers stop');
      },
    };
  }

  async #projected(): Promise<boolean> {
    const [projection] = this.#sole;
    const values = [projection?.names[0], this.#booted.at, this.#booted.head];
    const { rows } = await this.options.pool.query<{ reached: boolean }>({ ...PROJECTED, values });
    return rows[0]?.reached ?? false;
  }
}

/**
 * Hear, record, fold, send.
 *
 * A process hears events in log order, records them in its own stream at an expected revision, folds its state,
 * and sends the commands that became outstanding. Parallel over orders, serial within one: what arrives for an
 * order while it is at work waits, and is recorded together with one append. Whatever happens between two of
 * these steps only delays: what was not recorded is heard again, and what was recorded and not sent is sent by
 * the timers, which read it from the projection of the same stream.
 */
import type { Origin, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { type AppendResult, isRefusedForGood } from '@orders/shared-events/transport/append-gateway.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { NotConnected } from './commands.js';
import { type Turn, decide, opens } from './decision.js';
import { Mailboxes } from './mailboxes.js';
import type { StageVisit } from './order-process/deadlines.js';
import type { OutstandingCommand } from './order-process/outstanding.js';
import { partitionOf } from './order-process/partition.js';
import { toAppend } from './own-events.js';
import type { Processes } from './processes.js';
import type { Positions } from './quarantine/events-of-order.js';
import type { Finding, Quarantined } from './quarantine/quarantine.table.js';
import { type Release, isRelease, releaseIn } from './quarantine/release.js';
import { mayBeAwaited } from './strays.js';
import { type OwnEvent, type Tracked, interventionOf, outstandingOf } from './tracked.js';
import { Unreadable, isForNewerBuild } from './unreadable.js';

/** Everything that the runner does to the world, so that a simulator can drive it. */
export interface Effects {
  /** Rejects where the outcome is unknown, or the log is away: the same events are then appended again. */
  append: EventStore['append'];
  /** Rejects where the broker did not take it: the timers send it again. */
  readonly send: (command: OutstandingCommand, origin: Origin) => Promise<void>;
  /** Keeps the order from going on: it met what cannot be dealt with. */
  quarantine(orderId: OrderId, finding: Finding): Promise<void>;
  /** Ends that, where it waits from that position on. */
  release(orderId: OrderId, position: bigint): Promise<void>;
  /** What the log holds about an order from a position on and up to another one, both inclusive, in log order. */
  readAgain(orderId: OrderId, positions: Positions): Promise<readonly RecordedEvent[]>;
  /** Keeps an event that belongs to nothing known; one that is kept already stays as it is. */
  park(orderId: OrderId, event: RecordedEvent): Promise<void>;
  /** Ends the wait of what is kept, where this event is what it waits for. */
  match(event: RecordedEvent): Promise<void>;
  now(): string;
  /** Before the n-th repeat, from 0. Rejects when the runner is to stop. */
  pause(repeat: number): Promise<void>;
}

export class ProcessRunner {
  readonly #mail = new Mailboxes((orderId, turns) => this.#takeUnlessQuarantined(orderId, turns));
  /** Where each waits. */
  readonly #quarantined = new Map<OrderId, bigint>();

  constructor(
    private readonly processes: Processes,
    private readonly effects: Effects,
    private readonly logger: LogSink,
  ) {}

  /** Resolves once the event is recorded, or known not to matter, or its order is in quarantine. */
  hear(orderId: OrderId, event: RecordedEvent): Promise<void> {
    if (!isRelease(event)) return this.#mail.post(orderId, { kind: 'heard', event });
    const release = releaseIn(event);
    return release ? this.letGo(orderId, release) : Promise.resolve();
  }

  /**
   * Resolves once everything that the order has missed is recorded and it is out of quarantine, or has met there what
   * cannot be dealt with, or is known to be over: whoever asks may be late. What comes for it meanwhile waits.
   */
  letGo(orderId: OrderId, release: Release): Promise<void> {
    return this.#mail.post(orderId, { kind: 'released', release });
  }

  /** Resolves once it is recorded, or known to be over: whoever tells may be late. */
  passDeadline(orderId: OrderId, deadline: StageVisit): Promise<void> {
    return this.#mail.post(orderId, { kind: 'deadline', deadline });
  }

  /**
   * What comes for these orders is passed over: it is read again when they are let go on. Of these partitions there are
   * no others, whatever was known before.
   */
  keepInQuarantine(partitions: readonly number[], orders: readonly Quarantined[]): void {
    for (const orderId of this.#quarantined.keys())
      if (partitions.includes(partitionOf(orderId))) this.#quarantined.delete(orderId);
    for (const { orderId, position } of orders) this.#quarantined.set(orderId, position);
  }

  /** @param turns one release, or any number of others */
  async #takeUnlessQuarantined(orderId: OrderId, turns: readonly Turn[]): Promise<void> {
    const [first] = turns;
    if (first?.kind === 'released') await this.#release(orderId, first);
    else if (!this.#quarantined.has(orderId)) await this.#take(orderId, turns);
  }

  /** The row goes last: until then, whoever holds the partition next does all of this again. */
  async #release(orderId: OrderId, turn: Extract<Turn, { kind: 'released' }>): Promise<void> {
    const { from, upTo } = turn.release;
    if (this.#quarantined.get(orderId) !== from) return;
    const events = await this.#insist(orderId, () => this.effects.readAgain(orderId, { from, upTo }));
    this.#quarantined.delete(orderId);
    await this.#take(orderId, [...events.map((event): Turn => ({ kind: 'heard', event })), turn]);
    if (this.#quarantined.has(orderId)) return;
    await this.#insist(orderId, () => this.effects.release(orderId, from));
    this.logger.info({ orderId, from: String(from), missed: events.length }, 'out of quarantine');
  }

  /**
   * What is cached may be behind: an append proves that it is not, and what was heard before stays heard. But a
   * deadline may look as if it were over where another instance has brought the process to that stage since, so
   * it is judged by what the stream says.
   */
  async #take(orderId: OrderId, turns: readonly Turn[]): Promise<void> {
    try {
      if (turns.some(({ kind }) => kind === 'deadline')) this.processes.forget(orderId);
      // A new order's stream is not there to be read: should it be after all, the append is told so.
      let before = this.processes.cached(orderId) ?? (opens(turns) ? undefined : await this.#load(orderId));
      while (!(await this.#decided(orderId, before, turns))) {
        this.processes.forget(orderId);
        before = await this.#load(orderId);
      }
    } catch (error) {
      if (!isHopeless(error)) throw error;
      await this.#quarantine(orderId, turns, error);
    }
  }

  /** False where somebody else wrote: all is decided again then. */
  async #decided(orderId: OrderId, before: Tracked | undefined, turns: readonly Turn[]): Promise<boolean> {
    const { events, after, strays, poisoned } = decide(orderId, before, turns, this.effects.now());
    if (events.length > 0 && after) {
      const result = await this.#record(orderId, before, events);
      if (result.outcome === 'conflict') return false;
      this.#askForOperator(orderId, before, after);
      await this.#send(orderId, before, { ...after, revision: result.revision });
    }
    if (poisoned) await this.#quarantine(orderId, poisoned.turns, poisoned.error);
    await this.#correlate(orderId, turns, strays);
    return true;
  }

  /** In turn: what is parked may be matched by the next. */
  async #correlate(
    orderId: OrderId,
    turns: readonly Turn[],
    strays: ReadonlySet<RecordedEvent>,
  ): Promise<void> {
    for (const turn of turns) {
      if (turn.kind !== 'heard') continue;
      const { event } = turn;
      if (strays.has(event)) await this.#insist(orderId, () => this.effects.park(orderId, event));
      else if (mayBeAwaited(event)) await this.#insist(orderId, () => this.effects.match(event));
    }
  }

  #record(orderId: OrderId, before: Tracked | undefined, events: readonly OwnEvent[]): Promise<AppendResult> {
    const expected = before?.revision ?? 'no_stream';
    const appended = events.map(toAppend);
    return this.#insist(orderId, () => this.effects.append(orderProcessStream(orderId), expected, appended));
  }

  #askForOperator(orderId: OrderId, before: Tracked | undefined, after: Tracked): void {
    const intervention = interventionOf(after);
    if (intervention === undefined || intervention === interventionOf(before)) return;
    this.logger.warn({ orderId, intervention }, 'an order needs an operator');
  }

  /** What became outstanding is sent at once. What does not arrive is sent by the timers. */
  async #send(orderId: OrderId, before: Tracked | undefined, after: Tracked): Promise<void> {
    this.processes.keep(orderId, after);
    const sent = new Set(outstandingOf(before).map(({ commandId }) => commandId));
    const now = this.effects.now();
    const due = outstandingOf(after).filter(
      ({ commandId, notBefore = now }) => !sent.has(commandId) && notBefore <= now,
    );
    const outcomes = await Promise.allSettled(due.map((command) => this.effects.send(command, after.origin)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') this.#notSent(orderId, outcome.reason);
    }
  }

  /** That the broker is away is said once, elsewhere, and not by each command. */
  #notSent(orderId: OrderId, error: unknown): void {
    const level = error instanceof NotConnected ? 'debug' : 'warn';
    this.logger[level]({ err: error, orderId }, 'a command was not sent, and will be again');
  }

  #load(orderId: OrderId): Promise<Tracked | undefined> {
    return this.#insist(orderId, () => this.processes.load(orderId));
  }

  /** One order stops alone: from the first event that cannot be dealt with on, nothing of it is lost or overtaken. */
  async #quarantine(orderId: OrderId, turns: readonly Turn[], error: unknown): Promise<void> {
    const reason = oneLine(error);
    const position = positionOf(turns);
    if (position === undefined)
      return this.logger.error({ orderId, reason }, 'a deadline could not be dealt with');
    this.#quarantined.set(orderId, position);
    this.logger.error({ orderId, position: String(position), reason }, 'order in quarantine');
    const finding = { position, reason, newer: isForNewerBuild(error) };
    await this.#insist(orderId, () => this.effects.quarantine(orderId, finding));
  }

  /** Until it is done, or the runner stops: an outage delays, it decides nothing. */
  async #insist<T>(orderId: OrderId, work: () => Promise<T>): Promise<T> {
    for (let repeat = 0; ; repeat++) {
      try {
        return await work();
      } catch (error) {
        if (isHopeless(error)) throw error;
        this.logger.warn({ err: error, orderId }, 'not done yet, trying again');
        await this.effects.pause(repeat);
      }
    }
  }
}

/** No repeat can help: it is not read otherwise the next time, or the log will not take it. */
const isHopeless = (error: unknown): boolean => error instanceof Unreadable || isRefusedForGood(error);

/** Where the first of them stands in the log; of a release, where what it lets go on stands. */
function positionOf(turns: readonly Turn[]): bigint | undefined {
  for (const turn of turns) {
    if (turn.kind === 'heard') return turn.event.position;
    if (turn.kind === 'released') return turn.release.from;
  }
  return undefined;
}

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
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { NotConnected } from './commands.js';
import type { StageVisit } from './order-process/deadlines.js';
import type { OutstandingCommand } from './order-process/outstanding.js';
import { deadlinePassed, heard, started, toAppend } from './own-events.js';
import { type Processes, Unreadable } from './processes.js';
import { isStray, mayBeAwaited } from './strays.js';
import { type OwnEvent, type Tracked, interventionOf, outstandingOf, track } from './tracked.js';

/** Everything that the runner does to the world, so that a simulator can drive it. */
export interface Effects {
  /** Rejects where the outcome is unknown, or the log is away: the same events are then appended again. */
  append: EventStore['append'];
  /** Rejects where the broker did not take it: the timers send it again. */
  readonly send: (command: OutstandingCommand, origin: Origin) => Promise<void>;
  /** Keeps the order from going on: it met what cannot be dealt with at that position. */
  setAside(orderId: OrderId, position: bigint, reason: string): Promise<void>;
  /** Keeps an event that belongs to nothing known; one that is kept already stays as it is. */
  park(orderId: OrderId, event: RecordedEvent): Promise<void>;
  /** Ends the wait of what is kept, where this event is what it waits for. */
  match(event: RecordedEvent): Promise<void>;
  now(): string;
  /** Before the n-th repeat, from 0. Rejects when the runner is to stop. */
  pause(repeat: number): Promise<void>;
}

/** What a process is told: an event from the log, or that a stage took too long. */
type Turn =
  | { readonly kind: 'heard'; readonly event: RecordedEvent }
  | { readonly kind: 'deadline'; readonly deadline: StageVisit };

interface Mail {
  readonly turn: Turn;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

interface Decision {
  readonly events: readonly OwnEvent[];
  readonly after: Tracked | undefined;
  /** What belongs to nothing known. */
  readonly strays: ReadonlySet<RecordedEvent>;
  /** From the turn on that could not be dealt with, and why. */
  readonly poisoned: readonly Turn[] | undefined;
  readonly reason: string;
}

export class ProcessRunner {
  readonly #mail = new Map<OrderId, Mail[]>();
  readonly #aside = new Set<OrderId>();
  /** Orders of which something was not recorded before the runner stopped, and why: nothing behind it may be, then. */
  readonly #broken = new Map<OrderId, unknown>();

  constructor(
    private readonly processes: Processes,
    private readonly effects: Effects,
    private readonly logger: LogSink,
  ) {}

  /** Resolves once the event is recorded, or known not to matter, or its order waits aside. */
  hear(orderId: OrderId, event: RecordedEvent): Promise<void> {
    return this.#post(orderId, { kind: 'heard', event });
  }

  /** Resolves once it is recorded, or known to be over: whoever tells may be late. */
  passDeadline(orderId: OrderId, deadline: StageVisit): Promise<void> {
    return this.#post(orderId, { kind: 'deadline', deadline });
  }

  /** What comes for these orders is passed over: it is read again when they are let go on. */
  leaveAside(orderIds: Iterable<OrderId>): void {
    for (const orderId of orderIds) this.#aside.add(orderId);
  }

  #post(orderId: OrderId, turn: Turn): Promise<void> {
    return new Promise((done, failed) => {
      const waiting = this.#mail.get(orderId);
      if (waiting) return void waiting.push({ turn, done, failed });
      this.#mail.set(orderId, [{ turn, done, failed }]);
      void this.#work(orderId);
    });
  }

  async #work(orderId: OrderId): Promise<void> {
    for (;;) {
      const mail = this.#mail.get(orderId)?.splice(0) ?? [];
      if (mail.length === 0) return void this.#mail.delete(orderId);
      try {
        if (this.#broken.has(orderId)) throw this.#broken.get(orderId);
        const turns = mail.map(({ turn }) => turn);
        if (!this.#aside.has(orderId)) await this.#take(orderId, turns);
        for (const { done } of mail) done();
      } catch (error) {
        this.#broken.set(orderId, error);
        for (const { failed } of mail) failed(error);
      }
    }
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
      if (!(error instanceof Unreadable)) throw error;
      await this.#setAside(orderId, turns, error.message);
    }
  }

  /** False where somebody else wrote: all is decided again then. */
  async #decided(orderId: OrderId, before: Tracked | undefined, turns: readonly Turn[]): Promise<boolean> {
    const { events, after, strays, poisoned, reason } = this.#decide(orderId, before, turns);
    if (events.length > 0 && after) {
      const result = await this.#record(orderId, before, events);
      if (result.outcome === 'conflict') return false;
      this.#askForOperator(orderId, before, after);
      await this.#send(orderId, before, { ...after, revision: result.revision });
    }
    if (poisoned) await this.#setAside(orderId, poisoned, reason);
    await this.#correlate(orderId, turns, strays);
    return true;
  }

  /** Pure, but for the clock. Says what cannot be dealt with instead of throwing. */
  #decide(orderId: OrderId, before: Tracked | undefined, turns: readonly Turn[]): Decision {
    const now = this.effects.now();
    const events: OwnEvent[] = [];
    const strays = new Set<RecordedEvent>();
    let after = before;
    for (const [index, turn] of turns.entries()) {
      if (turn.kind === 'heard' && isStray(turn.event, after !== undefined)) strays.add(turn.event);
      try {
        for (const event of eventsOf(orderId, turn, after, now)) {
          const next = track(after, event);
          if (next !== after) events.push(event);
          after = next;
        }
      } catch (error) {
        return { events, after, strays, poisoned: turns.slice(index), reason: String(error) };
      }
    }
    return { events, after, strays, poisoned: undefined, reason: '' };
  }

  /** In turn: what is parked may be matched by the next. */
  async #correlate(
    orderId: OrderId,
    turns: readonly Turn[],
    strays: ReadonlySet<RecordedEvent>,
  ): Promise<void> {
    for (const turn of turns) {
      if (turn.kind === 'deadline') continue;
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
  async #setAside(orderId: OrderId, turns: readonly Turn[], reason: string): Promise<void> {
    const first = turns.find((turn) => turn.kind === 'heard');
    if (!first) return this.logger.error({ orderId, reason }, 'a deadline could not be dealt with');
    this.#aside.add(orderId);
    this.logger.error({ orderId, position: String(first.event.position), reason }, 'order set aside');
    await this.#insist(orderId, () => this.effects.setAside(orderId, first.event.position, reason));
  }

  /** Until it is done, or the runner stops: an outage delays, it decides nothing. */
  async #insist<T>(orderId: OrderId, work: () => Promise<T>): Promise<T> {
    for (let repeat = 0; ; repeat++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof Unreadable) throw error;
        this.logger.warn({ err: error, orderId }, 'not done yet, trying again');
        await this.effects.pause(repeat);
      }
    }
  }
}

const opens = ([first]: readonly Turn[]): boolean =>
  first?.kind === 'heard' && first.event.type === 'OrderPlaced';

/** What a process would record of a turn. What belongs to nothing known says nothing to it. */
function eventsOf(orderId: OrderId, turn: Turn, tracked: Tracked | undefined, now: string): OwnEvent[] {
  if (turn.kind === 'deadline') return tracked ? [deadlinePassed(orderId, turn.deadline, tracked, now)] : [];
  if (isStray(turn.event, tracked !== undefined)) return [];
  const event = heard(orderId, turn.event, tracked, now);
  if (tracked) return [event];
  return [started(orderId, turn.event, now), event];
}

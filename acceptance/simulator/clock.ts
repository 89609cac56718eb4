import { type Entry, Timeline, isBefore } from './timeline.js';

/** Whose an entry is. What belongs to a process that has died does not happen; what belongs to a frozen one waits. */
export interface Owner {
  readonly alive: boolean;
  readonly frozenUntil: number;
  /** How far its own clock is from the true time; negative where it is behind. */
  readonly skewMs: number;
}

interface Owned extends Entry {
  readonly owner: Owner | undefined;
}

export interface Timer extends Owned {
  ref(): this;
  unref(): this;
  hasRef(): boolean;
}

/** While nothing else happens timers come late, by twice as much each time: a program may always be that slow. */
const FIRST_LATENESS_MS = 400;
/** Below the time to live of a lease: late is not dead. */
const MOST_LATENESS_MS = 3_000;

/**
 * Virtual time. It stands still while code runs and moves on to whatever is due next: what the world does, or a timer
 * that code has set. Code that looks around several times a second would make an idle hour expensive, so while only
 * timers are due the clock moves on in growing steps, and never past what the world does.
 */
export class Clock {
  now: number;
  /** Whose code runs: timers that it sets are its own. */
  current: Owner | undefined;
  readonly #world = new Timeline<Owned>();
  readonly #timers = new Timeline<Timer>();
  #turns = 0;
  #lateness = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** What the clock of whoever's code runs says. */
  get told(): number {
    return this.now + (this.current?.skewMs ?? 0);
  }

  /** The world does something to a process, or, without an owner, to a server. */
  in(delay: number, owner: Owner | undefined, run: () => void): Owned {
    const at = this.now + delay;
    const entry = { at, due: at, turn: this.#turns++, run, owner, isOff: false };
    this.#world.add(entry);
    return entry;
  }

  setTimer(run: () => void, delay: number): Timer {
    const at = this.now + Math.max(1, Math.ceil(delay));
    const timer: Timer = {
      at,
      due: at,
      turn: this.#turns++,
      run,
      owner: this.current,
      isOff: false,
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Nothing but timers is due. */
  get isIdle(): boolean {
    return this.#world.peek() === undefined;
  }

  /** When the world does something next; Infinity where nothing is due. */
  get next(): number {
    return this.#world.peek()?.at ?? Infinity;
  }

  /** Lets the next thing happen. False where nothing ever will. */
  advance(): boolean {
    const entry = this.#takeNext();
    if (!entry) return false;
    const { owner } = entry;
    if (owner?.alive === false) return true;
    if (owner && owner.frozenUntil > this.now) this.#defer(entry, owner.frozenUntil);
    else {
      this.current = owner;
      entry.run();
    }
    return true;
  }

  /** The same object, so that it can still be called off. */
  #defer(entry: Owned | Timer, until: number): void {
    entry.at = until;
    if ('ref' in entry) this.#timers.add(entry);
    else this.#world.add(entry);
  }

  #takeNext(): Owned | Timer | undefined {
    const event = this.#world.peek();
    const timer = this.#timers.peek();
    if (timer && (!event || isBefore(timer, event))) {
      if (timer.at > this.now) this.#wait(timer.at, event?.at ?? Infinity);
      return this.#timers.take();
    }
    if (!event) return undefined;
    this.#lateness = 0;
    this.now = Math.max(this.now, event.at);
    return this.#world.take();
  }

  #wait(due: number, atMost: number): void {
    this.now = Math.min(Math.max(due, this.now + this.#lateness), atMost);
    this.#lateness = Math.min(MOST_LATENESS_MS, Math.max(FIRST_LATENESS_MS, this.#lateness * 2));
  }
}

/**
 * Calls `turn` until it answers false, each time after everything that the turn before has set going has come to rest:
 * Node empties the queue of microtasks before it takes up the next tick.
 */
export function drive(turn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => process.nextTick(go);
    const go = (): void => {
      try {
        if (!turn()) return resolve();
      } catch (error) {
        return reject(error instanceof Error ? error : new Error(String(error)));
      }
      queueMicrotask(next);
    };
    next();
  });
}

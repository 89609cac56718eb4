import { Slots } from './slots.js';

export interface TurnLimits {
  /** Under way at once. */
  readonly atOnce: number;
  /** That wait for their turn; whoever comes then is refused. */
  readonly waiting: number;
  /** Milliseconds that each of them waits at most. */
  readonly waitMs: number;
}

/** It did not get its turn: it was not begun. */
export class NoTurn extends Error {
  override readonly name = 'NoTurn';
}

const CLOSED = 'closed before its turn';

/** Bounds how much is under way at once, how much waits for its turn, and for how long. */
export class Turns {
  readonly #slots: Slots;
  readonly #waiting = new Set<AbortController>();
  #isClosed = false;

  constructor(private readonly limits: TurnLimits) {
    this.#slots = new Slots(limits.atOnce);
  }

  /** Does the work once it is its turn, and settles as it does. Throws NoTurn, without having begun. */
  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new NoTurn(CLOSED);
    if (!this.#slots.takeAtOnce()) await this.#wait();
    try {
      return await work();
    } finally {
      this.#slots.give();
    }
  }

  /** Whoever waits, or comes from now on, is refused; what is under way goes on. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting) waiting.abort(new NoTurn(CLOSED));
  }

  async #wait(): Promise<void> {
    const { waiting: most, waitMs } = this.limits;
    if (this.#waiting.size >= most) throw new NoTurn(`${most} others wait already`);
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new NoTurn(`no turn within ${waitMs} ms`)), waitMs);
    this.#waiting.add(waiting);
    try {
      await this.#slots.take(waiting.signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    }
  }
}

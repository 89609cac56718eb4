import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Claim, Move } from '../checkpoints.js';
import { Watermark } from '../watermark.js';

/** Fixed for ever: the rows of former processes say which partition they belong to. */
export const PARTITIONS = 16;

/**
 * The partition of an order, 0 to 15: the last hexadecimal digit of its id. An order id is a hash already
 * (UUIDv5), so its digits are as good as any hash of it.
 */
export const partitionOf = (orderId: OrderId): number => Number.parseInt(orderId.slice(-1), PARTITIONS);

const NAMES = Array.from({ length: PARTITIONS }, (_, index) => `hearing-${String(index).padStart(2, '0')}`);

/** The names of the partitions' leases and checkpoints. */
export const partitionNames: readonly string[] = NAMES;
export const partitionNamed = (name: string): number => NAMES.indexOf(name);

/** How often a checkpoint that stands still says that nothing was waiting. */
const IDLE_NEWS_MS = 5_000;

/** A partition that this instance hears. All times are of the monotonic clock, in milliseconds. */
export class Partition {
  readonly mark: Watermark;
  readonly name: string;
  readonly token: bigint;
  /** No more is taken in hand: it is being given up. */
  leaving = false;
  /** When it had first heard everything that was there when it was gained. */
  caughtUpSince: number | undefined;
  /** What was recorded by then has been heard. */
  #heardUpTo = -Infinity;
  #asked: { readonly head: bigint; readonly at: number } | undefined;
  #stored: bigint;
  #toldAt = -Infinity;

  /** @param goal the log's head when the partition was gained: once that is heard, nothing old is missing */
  constructor(
    { name, token, position }: Claim,
    private readonly goal: bigint,
  ) {
    this.name = name;
    this.token = token;
    this.#stored = position;
    this.mark = new Watermark(position);
  }

  /** Everything up to `position` was taken in hand or passed over. */
  reached(position: bigint, caughtUp: boolean, now: number): void {
    if (this.leaving) return;
    this.mark.passOver(position);
    if (caughtUp || position >= this.goal) this.caughtUpSince ??= now;
  }

  /** Whether the log's head is to be asked for, so that `heardUpTo` can go on. */
  get wantsHead(): boolean {
    return !this.leaving && this.heardUpTo >= (this.#asked?.at ?? -Infinity);
  }

  /** @param head of what is heard here, or later, at that time */
  askedAt(head: bigint, at: number): void {
    this.#asked = { head, at };
  }

  get heardUpTo(): number {
    if (this.#asked && this.mark.done >= this.#asked.head) this.#heardUpTo = this.#asked.at;
    return this.#heardUpTo;
  }

  /** What there is to store; undefined where nothing is. */
  move(caughtUp: boolean, now: number): Move | undefined {
    const { name, token, mark } = this;
    const news = caughtUp && now - this.#toldAt >= IDLE_NEWS_MS;
    if (mark.done === this.#stored && !news) return undefined;
    // What came after the lowest unfinished event was taken in hand is not done: before that, all was.
    const caughtUpFor = caughtUp ? now - (mark.openSince ?? now) : undefined;
    return { name, token, position: this.#stored, to: mark.done, caughtUpFor };
  }

  stored(position: bigint, now: number): void {
    this.#stored = position;
    this.#toldAt = now;
  }
}

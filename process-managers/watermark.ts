/**
 * How far a run of events was dealt with, when they are dealt with in parallel: everything at or below `done`
 * is finished, or was passed over.
 */
export class Watermark {
  /** By position, in log order: what had been seen before the event, and when it was taken in hand. */
  readonly #inHand = new Map<bigint, { readonly before: bigint; readonly since: number }>();
  #seen: bigint;

  constructor(start: bigint) {
    this.#seen = start;
  }

  /** Position of the last event that was taken in hand or passed over. */
  get seen(): bigint {
    return this.#seen;
  }

  get done(): bigint {
    return this.#lowest?.before ?? this.#seen;
  }

  /** When the lowest unfinished event was taken in hand; undefined where none is. */
  get openSince(): number | undefined {
    return this.#lowest?.since;
  }

  get idle(): boolean {
    return this.#inHand.size === 0;
  }

  get #lowest() {
    for (const lowest of this.#inHand.values()) return lowest;
    return undefined;
  }

  /** @param position above `seen` */
  begin(position: bigint, now: number): void {
    this.#inHand.set(position, { before: this.#seen, since: now });
    this.#seen = position;
  }

  finish(position: bigint): void {
    this.#inHand.delete(position);
  }

  /** Nothing up to here is of interest, but for what is in hand. */
  passOver(position: bigint): void {
    if (position > this.#seen) this.#seen = position;
  }
}

/** Something that will happen, unless it is called off. Milliseconds since the epoch. */
export interface Entry {
  at: number;
  /** When it was due at first: what was put off keeps its order. */
  readonly due: number;
  /** Of what is due at the same time, what was entered first comes first. */
  readonly turn: number;
  readonly run: () => void;
  isOff: boolean;
}

/** Entries in the order in which they are due: a binary heap. */
export class Timeline<Item extends Entry> {
  readonly #heap: Item[] = [];

  add(entry: Item): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  /** The next one that was not called off. */
  peek(): Item | undefined {
    while (this.#heap[0]?.isOff) this.#removeFirst();
    return this.#heap[0];
  }

  take(): Item | undefined {
    const first = this.peek();
    if (first) this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (!moved || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const below = this.#earlierBelow(index);
      const child = heap[below];
      if (!child || isBefore(moved, child)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = moved;
  }

  #earlierBelow(index: number): number {
    const [left, right] = [this.#heap[2 * index + 1], this.#heap[2 * index + 2]];
    return left && right && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
  }
}

export const isBefore = (one: Entry, other: Entry): boolean =>
  one.at !== other.at
    ? one.at < other.at
    : one.due !== other.due
      ? one.due < other.due
      : one.turn < other.turn;

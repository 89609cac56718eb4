/**
 * An endless iterator of the latest value: what comes while nobody asks replaces what came before, so that a slow
 * reader costs one value, not a queue. Ends at once when it is returned, also while it is being waited on, which
 * a generator cannot do.
 */
export class Latest<T> implements AsyncIterableIterator<T, undefined> {
  #value: { readonly of: T } | undefined;
  #waiting: ((result: IteratorResult<T, undefined>) => void) | undefined;
  #ended = false;

  constructor(private readonly onEnd: () => void) {}

  give(value: T): void {
    if (this.#ended) return;
    if (this.#waiting) this.#settle({ value, done: false });
    else this.#value = { of: value };
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#value;
    this.#value = undefined;
    if (value) return Promise.resolve({ value: value.of, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#ended) this.onEnd();
    this.#ended = true;
    this.#value = undefined;
    this.#settle({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settle(result: IteratorResult<T, undefined>): void {
    this.#waiting?.(result);
    this.#waiting = undefined;
  }
}

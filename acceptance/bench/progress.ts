/** How much of a known amount is done, for whoever has to keep step with it. */
export class Progress {
  #done = 0;
  readonly #waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  constructor(private readonly total: number) {}

  advance(): void {
    this.#done += 1;
    for (const waiter of this.#waiting.splice(0)) {
      if (this.#done >= waiter.at) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }

  /** Resolves once this share, from 0 to 1, is done. */
  reached(share: number): Promise<void> {
    const at = share * this.total;
    if (this.#done >= at) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ at, resolve }));
  }
}

/** Bounds how much is under way at once. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Does the work once there is room for it. Settles as the work does. */
  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.take();
    try {
      return await work();
    } finally {
      this.give();
    }
  }

  /** Once the signal aborts nobody waits any more: rejects with its reason. */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.takeAtOnce()) return;
    // A slot is handed over, never freed in between.
    await new Promise<void>((resolve, reject) => {
      const handedOver = (): void => {
        signal?.removeEventListener('abort', goneAway);
        resolve();
      };
      const goneAway = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(handedOver), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', goneAway, { once: true });
      this.#waiting.push(handedOver);
    });
  }

  /** False where none is free. */
  takeAtOnce(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

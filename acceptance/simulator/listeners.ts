import type { Clock } from './clock.js';
import type { Faults } from './faults.js';
import type { Life } from './life.js';

interface Listener {
  readonly life: Life;
  readonly name: string;
  readonly wake: () => void;
}

/** Subscriptions that have read all there is and wait for more. Each hears of it in its own time. */
export class Listeners {
  #waiting: Listener[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly faults: Faults,
  ) {}

  /** Resolves when something new is there, or the signal aborts. */
  news(life: Life, name: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#waiting.push({ life, name, wake });
    });
  }

  tell(): void {
    for (const { life, name, wake } of this.#waiting.splice(0)) {
      if (!life.alive) continue;
      const { back } = this.faults.at('hear', `${name} of ${life.name}`);
      this.clock.in(back, life, wake);
    }
  }
}

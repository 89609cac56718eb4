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
    return untilWoken(signal, (wake) => this.#waiting.push({ life, name, wake }));
  }

  /** Of so many events, how many come together: mostly all. */
  together(life: Life, name: string, count: number): number {
    const { ticks, there } = this.faults.at('batch', `${name} of ${life.name}`);
    return ticks > 0 || count === 0 ? count : 1 + (there % count);
  }

  /** Resolves when what did not come together comes, or the signal aborts. */
  rest(life: Life, name: string, signal: AbortSignal): Promise<void> {
    const { back } = this.faults.at('batch', `${name} of ${life.name}`);
    return untilWoken(signal, (wake) => this.clock.in(back, life, wake));
  }

  tell(): void {
    for (const { life, name, wake } of this.#waiting.splice(0)) {
      if (!life.alive) continue;
      const { back } = this.faults.at('hear', `${name} of ${life.name}`);
      this.clock.in(back, life, wake);
    }
  }
}

/** Resolves when `wake` is called, or the signal aborts. */
function untilWoken(signal: AbortSignal, arrange: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      signal.removeEventListener('abort', wake);
      resolve();
    };
    signal.addEventListener('abort', wake);
    arrange(wake);
  });
}

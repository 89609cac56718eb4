import { SingleBar } from 'cli-progress';
import type { Progress } from '../replay.js';
import type { Stage } from './run-replay.js';
import { timeLeft } from './time-left.js';

/** How far a replay is, on standard error: events, events a second, and when it will be done. */
export class ProgressBar {
  readonly #bar = new SingleBar({
    format: '{stage} {bar} {percentage}% | {events} events | {rate} events/s | ETA {left}',
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: 1_000,
    hideCursor: true,
    barsize: 30,
  });
  #began: number | undefined;
  #stage: Stage = 'filling';
  #rate = 0;

  stage(stage: Stage): void {
    this.#stage = stage;
  }

  update({ events, position, head }: Progress & { readonly head: bigint }): void {
    const now = performance.now();
    if (this.#began === undefined) {
      this.#began = now;
      this.#bar.start(Number(head), 0, { stage: this.#stage, events, rate: '?', left: '?' });
    }
    const seconds = (now - this.#began) / 1_000;
    if (seconds > 0) this.#rate = Math.round(events / seconds);
    this.#bar.setTotal(Number(head));
    this.#bar.update(Number(position), {
      stage: this.#stage,
      events,
      rate: this.#rate,
      left: timeLeft(Number(position), Number(head), seconds),
    });
  }

  stop(): void {
    if (this.#began !== undefined) this.#bar.stop();
  }
}

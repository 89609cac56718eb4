import { Worker } from 'node:worker_threads';
import type { Answer, Job } from './jobs.js';

/** Most of what a run makes is garbage by its end: room for some of them spares the collector half of its work. */
const YOUNG_GENERATION_MB = 64;

/** Threads that run simulations, each one job at a time. */
export class Threads {
  readonly count: number;
  readonly #workers: readonly Worker[];
  readonly #idle: Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  /** @param module the worker's, which a mutant has in another place */
  constructor(count: number, module: URL = new URL('./worker.js', import.meta.url)) {
    this.count = count;
    this.#workers = Array.from(
      { length: count },
      () => new Worker(module, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } }),
    );
    this.#idle = [...this.#workers];
  }

  /** Rejects where the thread itself fails: that is no finding. */
  async run<Kind extends Job['kind']>(
    job: Extract<Job, { kind: Kind }>,
  ): Promise<Extract<Answer, { kind: Kind }>> {
    const worker = this.#idle.pop() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)));
    try {
      return (await answered(worker, job)) as Extract<Answer, { kind: Kind }>;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#idle.push(worker);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function answered(worker: Worker, job: Job): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: Answer): void => {
      worker.off('error', reject);
      resolve(answer);
    };
    worker.once('message', onMessage);
    worker.once('error', reject);
    worker.postMessage(job);
  });
}

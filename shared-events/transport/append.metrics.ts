import { Counter, type Registry } from 'prom-client';
import { type StreamName, categoryOf } from '../contracts/ids.js';

/** What came of an append. `failed`: the store refused it for good, or nobody knows. */
export type AppendOutcome = 'appended' | 'conflict' | 'failed';

/** What is measured of a process's appends to the event store. */
export class AppendMetrics {
  readonly #appends: Counter<'category' | 'outcome'>;

  constructor(registry: Registry) {
    this.#appends = new Counter({
      name: 'event_store_appends_total',
      help: 'Appends to the event store by the kind of stream and what came of them; conflict: another wrote first, and all is decided again.',
      labelNames: ['category', 'outcome'],
      registers: [registry],
    });
  }

  readonly ended = (stream: StreamName, outcome: AppendOutcome): void => {
    this.#appends.inc({ category: categoryOf(stream) ?? 'other', outcome });
  };
}

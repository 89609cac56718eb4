import { Counter, Gauge, type Registry } from 'prom-client';
import type { Finding } from './comparison.js';

/** What is measured of the reconciliation with the payment provider, in one process. */
export class ReconciliationMetrics {
  readonly #discrepancies: Counter<'kind' | 'repaired'>;
  readonly #last: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#discrepancies = new Counter({
      name: 'payment_discrepancies_total',
      help: 'Differences that were found between the books of the payment provider and the log.',
      labelNames: ['kind', 'repaired'],
      registers,
    });
    this.#last = new Gauge({
      name: 'payment_reconciliation_last_success_timestamp_seconds',
      help: 'When this process last compared payments with the books of the payment provider; 0: not yet.',
      registers,
    });
  }

  found({ kind, repaired }: Finding): void {
    this.#discrepancies.inc({ kind, repaired: String(repaired) });
  }

  swept(): void {
    this.#last.setToCurrentTime();
  }
}

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { BreakerState, CallResult } from './guarded-provider.js';

const STATES: readonly BreakerState[] = ['closed', 'open', 'half_open'];
/** Seconds: from a provider in the same building to one that takes as long as it may. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What became of a webhook. */
export type WebhookResult = 'recorded' | 'known' | 'unmatched' | 'refused';

/** What is measured of the payment provider, in one process. */
export class PaymentMetrics {
  readonly #calls: Counter<'operation' | 'outcome'>;
  readonly #durations: Histogram<'operation'>;
  readonly #deferred: Counter<'operation'>;
  readonly #webhooks: Counter<'result'>;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.#calls = new Counter({
      name: 'payment_provider_calls_total',
      help: 'Calls to the payment provider, by what came of them; refused: the circuit breaker let none through.',
      labelNames: ['operation', 'outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'payment_provider_call_duration_seconds',
      help: 'How long the payment provider took to answer, or until its answer was given up.',
      labelNames: ['operation'],
      buckets: BUCKETS,
      registers,
    });
    this.#deferred = new Counter({
      name: 'payment_provider_calls_deferred_total',
      help: 'Calls that were recorded as deferred, since the payment provider could not be called.',
      labelNames: ['operation'],
      registers,
    });
    this.#webhooks = new Counter({
      name: 'payment_webhooks_total',
      help: 'Webhooks of the payment provider, by what became of them; refused: malformed, or not known to be its.',
      labelNames: ['result'],
      registers,
    });
  }

  /** @param seconds undefined where the call was not made */
  called({ operation, outcome, seconds }: CallResult): void {
    this.#calls.inc({ operation, outcome });
    if (seconds !== undefined) this.#durations.observe({ operation }, seconds);
  }

  deferred(operation: ProviderOperation): void {
    this.#deferred.inc({ operation });
  }

  notified(result: WebhookResult): void {
    this.#webhooks.inc({ result });
  }

  /** One series a state: 1 for the one that the breaker is in. */
  watchBreaker(state: () => BreakerState): void {
    new Gauge({
      name: 'payment_provider_circuit_breaker_state',
      help: 'The state of the circuit breaker around the payment provider.',
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        for (const each of STATES) this.set({ state: each }, each === state() ? 1 : 0);
      },
    });
  }
}

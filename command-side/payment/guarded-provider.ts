import {
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  type TimeoutPolicy,
  TimeoutStrategy,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
  isTaskCancelledError,
  timeout,
} from 'cockatiel';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { ProviderCall } from './owed-calls.js';
import { type PaymentProvider, type ProviderOutcome, ProviderUnavailable } from './provider.js';

export interface GuardSettings {
  /** How long an answer is waited for. */
  readonly timeoutMs: number;
  /** The last so many calls count. A quarter of them must have been made before the breaker opens. */
  readonly window: number;
  /** Opens when more of them than this came to nothing. Above 0, below 100. */
  readonly failurePercent: number;
  /** How long it stays open before one call is let through. */
  readonly halfOpenAfterMs: number;
}

export type BreakerState = 'closed' | 'open' | 'half_open';

/** What came of one call, for metrics; `seconds` where it was made. */
export interface CallResult {
  readonly operation: ProviderOperation | 'find';
  readonly outcome: string;
  readonly seconds?: number;
}

/** Who wants to know how it goes. */
export interface Watcher {
  called(result: CallResult): void;
  /** The provider is away from now on, or back; not whether it is tried meanwhile. */
  turned(isThere: boolean): void;
}

const nobody: Watcher = { called: () => undefined, turned: () => undefined };

/**
 * Keeps a provider that is slow or away from holding up everything else.
 *
 *   closed ──(too many of the last calls came to nothing)──▶ open ──(a while)──▶ half open: one call at a time
 *     ▲                                                        ▲                    │            │
 *     └────────────────────────────────────────────────────────┼──── it is answered ┘            │
 *                                                              └───────────── it comes to nothing ┘
 *
 * A call comes to nothing when the provider cannot be reached or does not answer in time. A refusal (a declined card)
 * is an answer like any other, and so is that the outcome will be told later. While the breaker does not let a call through it throws ProviderUnavailable.
 */
export class GuardedProvider implements PaymentProvider {
  readonly #breaker: CircuitBreakerPolicy;
  readonly #timeout: TimeoutPolicy;
  #closedSince: number | undefined = performance.now();

  constructor(
    private readonly provider: PaymentProvider,
    { timeoutMs, window, failurePercent, halfOpenAfterMs }: GuardSettings,
    private readonly watcher: Watcher = nobody,
  ) {
    this.#timeout = timeout(timeoutMs, TimeoutStrategy.Aggressive);
    const breaker = new CountBreaker({
      size: window,
      minimumNumberOfCalls: Math.ceil(window / 4),
      threshold: failurePercent / 100,
    });
    this.#breaker = circuitBreaker(handleWhen(isAway), { breaker, halfOpenAfter: halfOpenAfterMs });
    this.#breaker.onStateChange((state) => this.#turn(state === CircuitState.Closed));
  }

  get breaker(): BreakerState {
    switch (this.#breaker.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half_open';
      case CircuitState.Open:
      case CircuitState.Isolated:
        return 'open';
    }
  }

  /** For how long the provider has been there, as far as is known here. Milliseconds; 0 while it is away. */
  get steadyMs(): number {
    return this.#closedSince === undefined ? 0 : performance.now() - this.#closedSince;
  }

  /** In an outage the breaker is half open and open in turn: that changes nothing. */
  #turn(isClosed: boolean): void {
    if (isClosed === (this.#closedSince !== undefined)) return;
    this.#closedSince = isClosed ? performance.now() : undefined;
    this.watcher.turned(isClosed);
  }

  authorize = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform('authorize', call);
  charge = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform('charge', call);
  capture = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform('capture', call);
  void = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform('void', call);
  refund = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform('refund', call);

  async find(key: string): Promise<ProviderOutcome | undefined> {
    try {
      return await this.#pass('find', () => this.provider.find(key));
    } catch (error) {
      if (!isTaskCancelledError(error)) throw error;
      throw new ProviderUnavailable('the provider did not say in time what became of a call', {
        cause: error,
      });
    }
  }

  /** An answer that takes too long is none: the provider may have done it. */
  async #perform(operation: ProviderOperation, call: ProviderCall): Promise<ProviderOutcome> {
    try {
      return await this.#pass(operation, () => this.provider[operation](call));
    } catch (error) {
      if (!isTaskCancelledError(error)) throw error;
      return { kind: 'unknown' };
    }
  }

  async #pass<Answer extends ProviderOutcome | undefined>(
    operation: CallResult['operation'],
    call: () => Promise<Answer>,
  ): Promise<Answer> {
    let began: number | undefined;
    const made = (): Promise<Answer> => {
      began = performance.now();
      return call();
    };
    const tell = (outcome: string): void => {
      const seconds = began === undefined ? {} : { seconds: (performance.now() - began) / 1_000 };
      this.watcher.called({ operation, outcome, ...seconds });
    };
    try {
      const answer = await this.#unlessBroken(() => this.#timeout.execute(made));
      tell(answer?.kind ?? 'absent');
      return answer;
    } catch (error) {
      tell(began === undefined ? 'refused' : failureOf(error));
      throw error;
    }
  }

  /**
   * The library lets those who come while its one call is under way wait for that call's end: each would wait with its
   * place among the commands in hand, and the customer of its order would not be told that it is being tried again.
   */
  async #unlessBroken<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#breaker.state === CircuitState.HalfOpen) throw new ProviderUnavailable('one call finds out');
    try {
      return await this.#breaker.execute(call);
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error;
      throw new ProviderUnavailable('the circuit breaker is open', { cause: error });
    }
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof ProviderUnavailable || isTaskCancelledError(error);

function failureOf(error: unknown): string {
  if (isTaskCancelledError(error)) return 'timeout';
  return error instanceof ProviderUnavailable ? 'unavailable' : 'error';
}

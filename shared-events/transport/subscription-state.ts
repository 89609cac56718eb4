import type { AllStreamSubscription } from '@eventstore/db-client';
import type { Call } from './reading-client.js';
import { NoAnswer } from './waiting.js';

/** So long the server may take to confirm a subscription. What is lost after that the driver finds out within 20 s. */
const CONFIRM_DEADLINE_MS = 5_000;

/** What a subscription's events said so far. */
export class SubscriptionState {
  error: Error | undefined;
  ended = false;
  caughtUp = false;
  #told = false;
  readonly #late: NodeJS.Timeout;

  constructor(
    subscription: AllStreamSubscription,
    private readonly call: Call,
    private readonly wake: Signal,
  ) {
    this.#late = setTimeout(() => this.#fail(new NoAnswer('not confirmed')), CONFIRM_DEADLINE_MS);
    call.givenUp.addEventListener('abort', this.#givenUp, { once: true });
    subscription.on('confirmation', () => this.#confirmed());
    subscription.on('readable', wake.give);
    subscription.on('end', () => this.#end());
    subscription.on('close', () => this.#end());
    subscription.on('error', (error: Error) => this.#fail(error));
    subscription.on('caughtUp', () => this.#catchUp());
    subscription.on('fellBehind', () => this.#fallBehind());
  }

  /** True once, when the subscription has caught up and all that it had read was handed out. */
  takeNews(drained: boolean): boolean {
    if (!drained || !this.caughtUp || this.#told) return false;
    this.#told = true;
    return true;
  }

  /** Nobody asks any more. */
  leave(): void {
    clearTimeout(this.#late);
    this.call.givenUp.removeEventListener('abort', this.#givenUp);
  }

  readonly #givenUp = (): void => this.#fail(new NoAnswer('the connection was given up'));

  #confirmed(): void {
    clearTimeout(this.#late);
    this.call.answered();
  }

  #catchUp(): void {
    this.caughtUp = true;
    this.wake.give();
  }

  #fallBehind(): void {
    this.caughtUp = false;
    this.#told = false;
  }

  #fail(error: Error): void {
    this.error = error;
    this.wake.give();
  }

  #end(): void {
    this.ended = true;
    this.wake.give();
  }
}

/** A wake-up call that is not lost when it comes before somebody waits for it. */
export class Signal {
  #given = false;
  #resolve: (() => void) | undefined;

  readonly give = (): void => {
    this.#given = true;
    this.#resolve?.();
  };

  async taken(): Promise<void> {
    if (!this.#given) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#given = false;
    this.#resolve = undefined;
  }
}

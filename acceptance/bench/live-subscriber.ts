import { type AllStreamSubscription, END, type EventStoreDBClient } from '@eventstore/db-client';

/** Hears every event of $all from now on, and tells when. */
export class LiveSubscriber {
  readonly #heard = new Map<string, (at: number) => void>();

  private constructor(private readonly subscription: AllStreamSubscription) {
    subscription.on('data', ({ event }) => {
      const at = performance.now();
      if (event) this.#heard.get(event.id)?.(at);
    });
  }

  /** Resolves once the node has confirmed it. */
  static open(client: EventStoreDBClient): Promise<LiveSubscriber> {
    const subscription = client.subscribeToAll({ fromPosition: END });
    const subscriber = new LiveSubscriber(subscription);
    return new Promise((resolve, reject) => {
      subscription.once('confirmation', () => resolve(subscriber)).once('error', reject);
    });
  }

  /** When the event with this id comes, on the clock of `performance.now()`. To be asked before it is appended. */
  async heard(id: string): Promise<number> {
    const at = await new Promise<number>((resolve) => this.#heard.set(id, resolve));
    this.#heard.delete(id);
    return at;
  }

  close(): Promise<void> {
    return this.subscription.unsubscribe();
  }
}

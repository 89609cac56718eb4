import type { Position, ResolvedEvent } from '@eventstore/db-client';
import { type PositionedEvent, until } from './node-under-test.js';

/** What the client's two kinds of subscription share. */
export interface Subscription {
  on(event: 'data', listener: (resolved: ResolvedEvent) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'caughtUp' | 'fellBehind' | 'confirmation', listener: () => void): unknown;
  unsubscribe(): Promise<void>;
  pause(): unknown;
  resume(): unknown;
}

/** A subscription and what it has heard, in order. */
export class Listener {
  readonly events: PositionedEvent[] = [];
  readonly heard: string[] = [];
  failure: Error | undefined;

  constructor(readonly subscription: Subscription) {
    subscription.on('data', ({ event }) => {
      if (event?.position !== undefined) this.events.push({ ...event, position: event.position });
      this.heard.push('event');
    });
    subscription.on('error', (error) => (this.failure = error));
    for (const name of ['caughtUp', 'fellBehind', 'confirmation'] as const) {
      subscription.on(name, () => this.heard.push(name));
    }
  }

  confirmed(): Promise<void> {
    return until(() => this.heard.includes('confirmation'));
  }

  caughtUp(): Promise<void> {
    return until(() => this.heard.includes('caughtUp'));
  }

  received(count: number): Promise<void> {
    return until(() => this.events.length >= count);
  }

  async failed(): Promise<Error> {
    await until(() => this.failure !== undefined);
    return this.failure ?? new Error('it did not fail');
  }

  /** Its events of streams whose names begin so. */
  of(category: string): PositionedEvent[] {
    return this.events.filter(({ streamId }) => streamId.startsWith(category));
  }
}

/** Where a filtered subscription was told that it is. */
export class Checkpoints {
  readonly positions: Position[] = [];

  readonly checkpointReached = (_subscription: unknown, position: Position): void =>
    void this.positions.push(position);

  get commits(): bigint[] {
    return this.positions.map(({ commit }) => commit);
  }

  reached(count: number): Promise<void> {
    return until(() => this.positions.length >= count);
  }
}

import { performance } from 'node:perf_hooks';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { endClient, endConnection } from './driver-connection.js';
import type { LogSink } from './observability.js';
import { isEventStoreOutage } from './outage.js';

/** A client that was asked for so long without a single answer is given up. */
const SILENCE_MS = 4_000;

/** Something that is asked for. Whoever asks tells what became of it. */
export interface Call {
  readonly client: EventStoreDBClient;
  /** Aborts when the client is given up: what is subscribed to through it would hear nothing any more. */
  readonly givenUp: AbortSignal;
  readonly answered: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The client that everything is read through. The driver finds out within 20 s that a connection which once worked has
 * gone silent, and opens another. One that was accepted and never answered at all it waits for for ever; so whoever is
 * not answered for a while gets another client, over a connection of its own.
 */
export class ReadingClient {
  #client: EventStoreDBClient;
  #givenUp = new AbortController();
  /** When the first was asked that has not been answered; undefined where none is. */
  #askedSince: number | undefined;

  /** @param connect opens a client that shares no connection with those it opened before */
  constructor(
    private readonly connect: () => EventStoreDBClient,
    private readonly logger: LogSink,
  ) {
    this.#client = connect();
  }

  call(): Call {
    const client = this.#client;
    this.#askedSince ??= performance.now();
    return {
      client,
      givenUp: this.#givenUp.signal,
      answered: () => {
        if (client === this.#client) this.#askedSince = undefined;
      },
      failed: (error) => {
        if (client === this.#client && isEventStoreOutage(error) && this.#isSilent()) this.#replace();
      },
    };
  }

  close(): Promise<void> {
    return endClient(this.#client);
  }

  #isSilent(): boolean {
    return this.#askedSince !== undefined && performance.now() - this.#askedSince >= SILENCE_MS;
  }

  /** What is under way over the old connection ends by its own deadline. */
  #replace(): void {
    this.logger.warn('the event store does not answer, trying another connection');
    endConnection(this.#client);
    this.#givenUp.abort();
    this.#client = this.connect();
    this.#givenUp = new AbortController();
    this.#askedSince = undefined;
  }
}

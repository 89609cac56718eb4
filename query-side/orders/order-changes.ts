import type { CustomerId } from '@orders/shared-events/contracts/ids.js';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { PositionFeed } from '../feed/position-feed.js';
import { Latest } from './latest.js';
import type { OrderRow } from './order-row.js';
import { OrderQueries, type Watched } from './orders.queries.js';

interface Watcher {
  readonly rows: Latest<OrderRow>;
  /** Log position of the row that was given last. */
  position: bigint;
}

/** All who watch an order with the same right to see it. */
interface Watch extends Watched {
  readonly watchers: Set<Watcher>;
}

const nameOf = ({ orderId, owner }: Watched): string => `${orderId} ${owner ?? ''}`;

const RETRY_MS = 1_000;

/**
 * Orders as they change, for whoever watches them. One statement reads all watched orders that changed since the
 * last one, when the feed says that the rows have moved on; while it runs, further moves wait for the next.
 */
@Injectable()
export class OrderChanges implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #watchers = new Map<string, Watch>();
  readonly #stop = new AbortController();
  #checked = -1n;
  #isReading = false;
  #isDue = false;

  constructor(
    private readonly orders: OrderQueries,
    private readonly feed: PositionFeed,
  ) {}

  onApplicationBootstrap(): void {
    const off = this.feed.onAdvanced(() => void this.#read());
    this.#stop.signal.addEventListener('abort', off);
  }

  /** Ends all watching: a connection that waits for a change would keep the server from closing. */
  onModuleDestroy(): void {
    this.#stop.abort();
    for (const { watchers } of this.#watchers.values()) {
      for (const { rows } of watchers) void rows.return();
    }
  }

  /** The order as it is, once it is there, and then as it is after each change that the reader is quick enough for. */
  async watch(orderId: string, owner: CustomerId | undefined): Promise<Latest<OrderRow>> {
    const watched: Watched = { orderId, owner: owner ?? null };
    const watcher: Watcher = { rows: new Latest(() => this.#forget(watched, watcher)), position: -1n };
    this.#watchOf(watched).watchers.add(watcher);
    try {
      const row = await this.orders.find(orderId, owner);
      if (row) give(watcher, row);
      return watcher.rows;
    } catch (error) {
      void watcher.rows.return();
      throw error;
    }
  }

  #watchOf(watched: Watched): Watch {
    const watch = this.#watchers.get(nameOf(watched)) ?? { ...watched, watchers: new Set() };
    this.#watchers.set(nameOf(watched), watch);
    return watch;
  }

  #forget(watched: Watched, watcher: Watcher): void {
    const watch = this.#watchers.get(nameOf(watched));
    watch?.watchers.delete(watcher);
    if (watch?.watchers.size === 0) this.#watchers.delete(nameOf(watched));
  }

  async #read(): Promise<void> {
    this.#isDue = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isDue && !this.#stop.signal.aborted) {
      this.#isDue = false;
      await this.#deliver().catch(() => this.#tryAgain());
    }
    this.#isReading = false;
  }

  async #deliver(): Promise<void> {
    const upTo = this.feed.position ?? this.#checked;
    const watched = [...this.#watchers.values()];
    const rows = watched.length > 0 ? await this.orders.changedBehind(this.#checked, watched) : [];
    for (const row of rows)
      this.#watchers.get(nameOf(row))?.watchers.forEach((watcher) => give(watcher, row));
    this.#checked = upTo;
  }

  /** The rows of what was missed are read from the same position as before. */
  async #tryAgain(): Promise<void> {
    this.#isDue = true;
    await sleep(RETRY_MS, this.#stop.signal);
  }
}

function give(watcher: Watcher, row: OrderRow): void {
  const position = BigInt(row.position);
  if (position <= watcher.position) return;
  watcher.position = position;
  watcher.rows.give(row);
}

import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { OrderId, type StreamName, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';
import { type Tracked, ownEvent, track } from './tracked.js';
import { Unreadable } from './unreadable.js';

const CACHED = 5_000;
const PREFIX = 'orderProcess-';

/** The processes that were looked at last, folded; the others are read from their streams. */
export class Processes {
  readonly #cache = new BoundedCache<OrderId, Tracked>(CACHED);

  /** @param read a stream forward from its beginning; nothing for a missing one */
  constructor(private readonly read: (stream: StreamName) => AsyncIterable<RecordedEvent>) {}

  /**
   * None that is only opened: what it heard first is of the same append, so somebody is just folding it, and what comes
   * meanwhile would look as if it did not concern it.
   */
  cached(orderId: OrderId): Tracked | undefined {
    const tracked = this.#cache.get(orderId);
    return tracked?.state.kind === 'opened' ? undefined : tracked;
  }

  /** From the stream. Undefined where there is no process of that order. Throws Unreadable. */
  async load(orderId: OrderId): Promise<Tracked | undefined> {
    let tracked: Tracked | undefined;
    for await (const recorded of this.read(orderProcessStream(orderId))) tracked = fold(tracked, recorded);
    if (tracked) this.keep(orderId, tracked);
    return tracked;
  }

  /** An event of a process's stream, from the log: the process as it is after it, or later. */
  async follow(recorded: RecordedEvent): Promise<Tracked | undefined> {
    const orderId = OrderId.parse(recorded.streamId.slice(PREFIX.length));
    const cached = this.#cache.get(orderId);
    if (cached && cached.revision >= recorded.revision) return cached;
    if ((cached?.revision ?? -1n) + 1n !== recorded.revision) return this.load(orderId);
    const tracked = fold(cached, recorded);
    this.keep(orderId, tracked);
    return tracked;
  }

  keep(orderId: OrderId, tracked: Tracked): void {
    const cached = this.#cache.get(orderId);
    if (!cached || cached.revision < tracked.revision) this.#cache.set(orderId, tracked);
  }

  /** What is cached is not what the log holds: somebody else wrote. */
  forget(orderId: OrderId): void {
    this.#cache.delete(orderId);
  }
}

/** Throws Unreadable. */
export function fold(tracked: Tracked | undefined, recorded: RecordedEvent): Tracked {
  try {
    return { ...track(tracked, ownEvent(recorded), recorded.recordedAt), revision: recorded.revision };
  } catch (error) {
    throw new Unreadable(`${recorded.streamId} at ${recorded.revision}: ${String(error)}`, { cause: error });
  }
}

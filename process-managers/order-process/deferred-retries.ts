/**
 * How soon is tried again what waits for a payment provider that could not be called.
 *
 * The waits between resends double, which spares a provider that is away and would let an order wait for a minute
 * beside one that is back. So one of those who wait is tried every turn, whatever its own turn is: it finds out. As soon
 * as some get through, twice as many follow in the next turn, up to a limit; once none does, it is one again. So those
 * who wait go through as fast as the provider takes them, and never all at once.
 */
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { ProcessesTable, Resend } from './processes.table.js';

const TURN_MS = 400;
const MOST_A_TURN = 64;
/** Those that were tried and have not got through: as many as a command side has in hand. */
const MOST_TRIED = 100;
/** Longer than a call may take; who has not got through by then is one of those who wait. */
const FORGET_MS = 15_000;

export class DeferredRetries {
  #turnAt = -Infinity;
  /** When each was tried. */
  readonly #tried = new Map<OrderId, number>();

  constructor(private readonly table: Pick<ProcessesTable, 'takeDeferred' | 'stillDeferred'>) {}

  /** What is to be sent again now. @param now of the monotonic clock, in milliseconds */
  async due(partitions: readonly number[], now: number): Promise<readonly Resend[]> {
    if (now - this.#turnAt < TURN_MS) return [];
    this.#turnAt = now;
    const through = await this.#gotThrough(now);
    const most = Math.min(Math.max(1, 2 * through), MOST_A_TURN, MOST_TRIED - this.#tried.size);
    const resends = await this.table.takeDeferred(partitions, most);
    for (const { orderId } of resends) this.#tried.set(orderId, now);
    return resends;
  }

  /** How many of those that were tried have got through since the last turn. */
  async #gotThrough(now: number): Promise<number> {
    if (this.#tried.size === 0) return 0;
    const still = new Set(await this.table.stillDeferred([...this.#tried.keys()]));
    let through = 0;
    for (const [orderId, at] of this.#tried) {
      if (!still.has(orderId)) through += 1;
      if (!still.has(orderId) || now - at > FORGET_MS) this.#tried.delete(orderId);
    }
    return through;
  }
}

import { CustomerId, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { CUSTOMER, SKUS, inTurn, newOrder, placeOrder } from './orders-load.js';
import type { RunningSystem } from './running-system.js';

const LOOK_EVERY_MS = 25;
const END_DEADLINE_MS = 60_000;
const customer = CustomerId.parse(CUSTOMER);

/** When what happened to an order; undefined while it has not. Monotonic, in milliseconds. */
export interface WatchedOrder {
  readonly orderId: string;
  readonly placedAt: number;
  readonly visibleAt: number | undefined;
  readonly completedAt: number | undefined;
}

/** Places so many orders a second, whatever becomes of them, and watches each until it is completed. */
export class SteadyLoad {
  readonly #orders = new Map<string, WatchedOrder>();
  readonly #open = new Set<string>();
  readonly #sku = inTurn(SKUS);
  readonly #startedAt = performance.now();
  #isPlacing = true;
  readonly #ended: Promise<unknown>;

  constructor(
    private readonly system: RunningSystem,
    private readonly perSecond: number,
  ) {
    this.#ended = Promise.all([this.#place(), this.#watch()]);
    this.#ended.catch(() => undefined);
  }

  /** In the order of their placement. */
  get orders(): readonly WatchedOrder[] {
    return [...this.#orders.values()];
  }

  /** Places no more; resolves once all are completed. Throws what failed. */
  async stop(): Promise<void> {
    this.#isPlacing = false;
    await this.#ended;
  }

  async #place(): Promise<void> {
    const placing: Promise<void>[] = [];
    while (this.#isPlacing) {
      placing.push(this.#placeOne());
      const next = this.#startedAt + (placing.length * 1000) / this.perSecond;
      await sleep(Math.max(0, next - performance.now()));
    }
    await Promise.all(placing);
  }

  async #placeOne(): Promise<void> {
    const order = newOrder(this.#sku());
    const orderId = orderIdOf(customer, order.idempotencyKey);
    const placedAt = performance.now();
    await placeOrder(this.system.commands, order);
    this.#orders.set(orderId, { orderId, placedAt, visibleAt: undefined, completedAt: undefined });
    this.#open.add(orderId);
  }

  async #watch(): Promise<void> {
    let lastAt = performance.now();
    while (this.#isPlacing || this.#open.size > 0) {
      await sleep(LOOK_EVERY_MS);
      const statuses = await this.system.statusesOf([...this.#open]);
      const now = performance.now();
      for (const [orderId, status] of statuses) {
        if (this.#saw(orderId, status === 'COMPLETED', now)) lastAt = now;
      }
      if (now - lastAt > END_DEADLINE_MS) throw new Error(`${this.#open.size} orders are not completed`);
    }
  }

  /** Whether it is completed. */
  #saw(orderId: string, isCompleted: boolean, now: number): boolean {
    const order = this.#orders.get(orderId);
    if (!order) return false;
    const visibleAt = order.visibleAt ?? now;
    this.#orders.set(orderId, { ...order, visibleAt, completedAt: isCompleted ? now : undefined });
    if (isCompleted) this.#open.delete(orderId);
    return isCompleted;
  }
}

/** From that moment until the first order that was placed since then came to something; NaN where none has. */
export function firstSince(
  orders: readonly WatchedOrder[],
  since: number,
  cameTo: 'visibleAt' | 'completedAt',
): number {
  const first = orders.find(({ placedAt }) => placedAt >= since);
  return (first?.[cameTo] ?? NaN) - since;
}

/** The longest that any order took from its placement to its completion; NaN where one never came there. */
export const longest = (orders: readonly WatchedOrder[]): number =>
  Math.max(...orders.map(({ placedAt, completedAt = NaN }) => completedAt - placedAt));

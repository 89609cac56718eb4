import { Slots } from '@orders/shared-events/transport/slots.js';
import { CustomerId, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { headOf } from './log.js';
import { CUSTOMER, IN_FLIGHT, inTurn, newOrder, placeOrder } from './orders-load.js';
import { type Usage, cpuBetween, usageOf } from './process-usage.js';
import type { RunningSystem } from './running-system.js';

/** Orders that are placed and not yet completed: enough to keep every part busy, few enough to keep queues short. */
export const OPEN_ORDERS = 128;

const LOOK_EVERY_MS = 100;
/** After the last order was placed, or the last one completed, everything is done within this or something is wrong. */
const STANDSTILL_MS = 20_000;
const customer = CustomerId.parse(CUSTOMER);

/** A number of orders from their placement to the point where nothing is left to do for any of them. */
export interface OrdersRun {
  readonly orders: number;
  /** From the first request until the last order was completed. */
  readonly seconds: number;
  /** CPU time by process, in milliseconds, until the last trace of them was dealt with. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Head of the log before the first one. */
  readonly from: bigint;
}

export interface RunOptions {
  readonly skus: readonly string[];
  /** Whether to place another order, after so many and so long. */
  readonly goesOn: (placed: number, seconds: number) => boolean;
  /** Places no more than so many a second; without it, as many as the system takes. */
  readonly perSecond?: number;
  /** Told now and then how many are completed, and what the processes use. */
  readonly sample?: (completed: number, usage: Readonly<Record<string, Usage>>) => void;
}

const SAMPLE_EVERY_MS = 500;

/** Keeps the system busy with a steady number of open orders. Throws where it comes to a standstill. */
export async function runOrders(system: RunningSystem, options: RunOptions): Promise<OrdersRun> {
  const doneBefore = await system.processesDone();
  const from = await headOf(system.stage);
  const before = await usageOf(system.roots);
  const { orders, seconds } = await new Run(system, options).toTheEnd();
  await quiet(system, doneBefore + orders);
  const cpuMs = cpuBetween(before, await usageOf(system.roots));
  return { orders, seconds, cpuMs, from };
}

class Run {
  readonly #slots = new Slots(OPEN_ORDERS);
  readonly #open = new Set<string>();
  readonly #startedAt = performance.now();
  #placed = 0;
  #completed = 0;
  #lastCompletedAt = this.#startedAt;
  #isPlacing = true;

  constructor(
    private readonly system: RunningSystem,
    private readonly options: RunOptions,
  ) {}

  async toTheEnd(): Promise<{ orders: number; seconds: number }> {
    const sku = inTurn(this.options.skus);
    const placing = Promise.all(Array.from({ length: IN_FLIGHT }, () => this.#place(sku)));
    const placed = placing.finally(() => (this.#isPlacing = false));
    await Promise.all([placed, this.#settle(), this.#sample()]);
    return { orders: this.#completed, seconds: (this.#lastCompletedAt - this.#startedAt) / 1000 };
  }

  async #place(sku: () => string): Promise<void> {
    for (;;) {
      await this.#slots.take();
      const seconds = (performance.now() - this.#startedAt) / 1000;
      // The slot goes on to the next one who waits for it, so that all come to their end.
      if (!this.options.goesOn(this.#placed, seconds)) return this.#slots.give();
      this.#placed += 1;
      const order = newOrder(sku());
      await this.#isTime(this.#placed);
      await placeOrder(this.system.commands, order);
      this.#open.add(orderIdOf(customer, order.idempotencyKey));
    }
  }

  async #isTime(number: number): Promise<void> {
    const { perSecond = Infinity } = this.options;
    const waitMs = this.#startedAt + (number * 1000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  }

  async #settle(): Promise<void> {
    while (this.#isPlacing || this.#open.size > 0) {
      await sleep(LOOK_EVERY_MS);
      const completed = await this.system.completedOf([...this.#open]);
      const now = performance.now();
      if (completed.length > 0) this.#lastCompletedAt = now;
      else if (now - this.#lastCompletedAt > STANDSTILL_MS) {
        throw new Error(`no order completed for ${STANDSTILL_MS / 1000} s, ${this.#open.size} are open`);
      }
      this.#completed += completed.length;
      for (const orderId of completed) {
        this.#open.delete(orderId);
        this.#slots.give();
      }
    }
  }

  async #sample(): Promise<void> {
    const { sample } = this.options;
    if (!sample) return;
    while (this.#isPlacing || this.#open.size > 0) {
      sample(this.#completed, await usageOf(this.system.roots));
      await sleep(SAMPLE_EVERY_MS);
    }
  }
}

/** Resolves once nothing is left to do: every process is done and every event projected. */
async function quiet(system: RunningSystem, processes: number): Promise<void> {
  const deadline = performance.now() + STANDSTILL_MS;
  while ((await system.processesDone()) < processes) {
    if (performance.now() > deadline) throw new Error(`${processes} processes are not done`);
    await sleep(LOOK_EVERY_MS);
  }
  const head = await headOf(system.stage);
  while ((await system.projected()) < head) {
    if (performance.now() > deadline) throw new Error(`the read models have not reached ${head}`);
    await sleep(LOOK_EVERY_MS);
  }
}

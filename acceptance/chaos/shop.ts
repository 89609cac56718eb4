import { Slots } from '@orders/shared-events/transport/slots.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { type Kind, carryOn, endOf, expectedEnd, kinds, placementOf } from '../kinds.js';
import { type OrderView, accepted, orderOf } from '../orders.js';
import { isSame } from '../same.js';
import type { ScaledSystem } from '../scaled-system.js';

export interface PlacedOrder {
  readonly kind: Kind;
  readonly orderId: string;
}

const CUSTOMER = 'customer-of-chaos';
/** As many as somebody looks at or does something about at once. */
const AT_ONCE = 8;
const LOOK_EVERY_MS = 250;
/** One in so many is placed at all instances at the same time; as many as have nothing in common with the kinds. */
const DOUBLED = 4;

/** A shop whose checkout talks to every instance of the system: what it orders, and what somebody does about that. */
export class Shop {
  readonly orders: PlacedOrder[] = [];
  /** What was answered and cannot be right. */
  readonly faults: string[] = [];
  readonly #slots = new Slots(AT_ONCE);
  #next = 0;
  #open: PlacedOrder[] = [];

  constructor(private readonly system: Pick<ScaledSystem, 'commands' | 'queries'>) {}

  /** Orders that have not come to their end, as far as that was looked at. */
  get open(): number {
    return this.#open.length;
  }

  /** So many orders, of the kinds in turn. Resolves once they are accepted, which takes as long as nobody is there. */
  async place(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, () => this.#next++);
    await Promise.all(numbers.map((number) => this.#slots.use(() => this.#place(number))));
  }

  async #place(number: number): Promise<void> {
    const kind = kinds[number % kinds.length];
    if (!kind) return;
    const { commands } = this.system;
    const placement = placementOf(kind, CUSTOMER);
    const at = number % DOUBLED === 0 ? commands : [inTurn(commands, number)];
    const answers = await Promise.all(at.map((url) => accepted(url, placement)));
    const [orderId = '', ...others] = new Set(answers);
    if (others.length > 0) this.faults.push(`one request became the orders ${answers.join(' and ')}`);
    const order = { kind, orderId };
    this.orders.push(order);
    this.#open.push(order);
  }

  /** Does with each order what somebody has to do, until all have come to the end of their kind. */
  async toTheirEnds(deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (let round = 0; ; round++) {
      await this.lookAfter(round);
      const [first] = this.#open;
      if (!first) return;
      if (performance.now() > deadline) {
        const order = await orderOf(inTurn(this.system.queries, round), first.orderId);
        throw new Error(
          `${this.#open.length} orders have not come to their end within ${deadlineMs / 1000} s, e.g. one that is ${first.kind.name}: ${JSON.stringify(order)}`,
        );
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** The same once, as far as they have come. */
  async lookAfter(round = 0): Promise<void> {
    const looked = this.#open;
    const ended = await Promise.all(
      looked.map((order, index) => this.#slots.use(() => this.#hasEnded(order, round + index))),
    );
    const done = new Set(looked.filter((_order, index) => ended[index]));
    this.#open = this.#open.filter((order) => !done.has(order));
  }

  async #hasEnded({ kind, orderId }: PlacedOrder, turn: number): Promise<boolean> {
    const { commands, queries } = this.system;
    const order = await orderOf(inTurn(queries, turn), orderId).catch(() => null);
    if (!order) return false;
    await carryOn(inTurn(commands, turn), kind, order);
    return isAtItsEnd(kind, order);
  }
}

export const isAtItsEnd = (kind: Kind, order: OrderView): boolean =>
  isSame(endOf(order), expectedEnd(kind, order.total.amount));

export const inTurn = (urls: readonly string[], turn: number): string => urls[turn % urls.length] ?? '';

import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Turn } from './decision.js';

interface Mail {
  readonly turn: Turn;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** What orders are told: of each in the order in which it came, and what came meanwhile together. */
export class Mailboxes {
  readonly #mail = new Map<OrderId, Mail[]>();
  /** Orders of which something failed, and why: nothing behind it may be taken, then. */
  readonly #broken = new Map<OrderId, unknown>();

  /** @param take is told one release, or any number of other turns; one call at a time for each order */
  constructor(private readonly take: (orderId: OrderId, turns: readonly Turn[]) => Promise<void>) {}

  /** Resolves once it is taken; throws what taking it threw, or something before it. */
  post(orderId: OrderId, turn: Turn): Promise<void> {
    return new Promise((done, failed) => {
      const waiting = this.#mail.get(orderId);
      if (waiting) return void waiting.push({ turn, done, failed });
      this.#mail.set(orderId, [{ turn, done, failed }]);
      void this.#work(orderId);
    });
  }

  async #work(orderId: OrderId): Promise<void> {
    for (;;) {
      const mail = this.#mail.get(orderId)?.splice(0) ?? [];
      if (mail.length === 0) return void this.#mail.delete(orderId);
      try {
        if (this.#broken.has(orderId)) throw this.#broken.get(orderId);
        for (const turns of runsOf(mail.map(({ turn }) => turn))) await this.take(orderId, turns);
        for (const { done } of mail) done();
      } catch (error) {
        this.#broken.set(orderId, error);
        for (const { failed } of mail) failed(error);
      }
    }
  }
}

/** Parts in which releases stand alone. */
function* runsOf(turns: readonly Turn[]): Generator<readonly Turn[]> {
  let run: Turn[] = [];
  for (const turn of turns) {
    if (turn.kind === 'released') {
      if (run.length > 0) yield run;
      yield [turn];
      run = [];
    } else run.push(turn);
  }
  if (run.length > 0) yield run;
}

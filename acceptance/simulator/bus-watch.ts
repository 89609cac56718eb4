import type { Report } from './violation.js';

/**
 * Watches how the product uses the bus: what it takes for sent must be in a queue, and what it acknowledges must have
 * been dealt with. Neither shows in what becomes of an order, since what is lost is sent again.
 */
export class BusWatch {
  readonly #unrouted = new WeakSet<Buffer>();
  readonly #handled = new WeakSet<Buffer>();
  readonly #underWay = new Set<Buffer>();
  #inHand: Buffer | undefined;

  constructor(private readonly report: Report) {}

  /** No queue took it. */
  unrouted(content: Buffer): void {
    this.#unrouted.add(content);
  }

  /** Its sender takes the command for sent. */
  published(content: Buffer): void {
    if (this.#unrouted.has(content)) {
      this.report('what is taken for sent is in a queue', content.toString().slice(0, 200));
    }
  }

  /** A handler was given it, and has done with it once `handling` settles. */
  async handle(content: Buffer, handling: () => Promise<void>): Promise<void> {
    this.#inHand = content;
    const handled = handling();
    this.#inHand = undefined;
    try {
      await handled;
    } finally {
      this.#handled.add(content);
    }
  }

  /** A command is carried out: by the handler that was called just now. */
  async carryOut<Result>(work: () => Promise<Result>): Promise<Result> {
    const content = this.#inHand;
    if (content) this.#underWay.add(content);
    try {
      return await work();
    } finally {
      if (content) this.#underWay.delete(content);
    }
  }

  acknowledged(content: Buffer): void {
    if (this.#handled.has(content) && !this.#underWay.has(content)) return;
    this.report('what is acknowledged was dealt with', content.toString().slice(0, 200));
  }
}

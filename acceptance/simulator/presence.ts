import type { Clock } from './clock.js';
import type { Life } from './life.js';

/** A process's connection to the broker. */
interface Connection {
  readonly life: Life;
  readonly found: () => void;
  readonly lost: () => void;
}

/** Whether the broker is there, and who has to know. */
export class Presence {
  #isThere = true;
  #connections: Connection[] = [];

  constructor(private readonly clock: Clock) {}

  join(connection: Connection): void {
    this.#connections.push(connection);
    if (this.#isThere) connection.found();
  }

  /** A process has ended. */
  leave(life: Life): void {
    const [gone, left] = [true, false].map((isIts) =>
      this.#connections.filter((connection) => (connection.life === life) === isIts),
    );
    this.#connections = left ?? [];
    for (const { lost } of gone ?? []) lost();
  }

  lose(ms: number): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    for (const { lost } of this.#connections) lost();
    this.clock.in(ms, undefined, () => this.find());
  }

  find(): void {
    if (this.#isThere) return;
    this.#isThere = true;
    for (const { life, found } of this.#connections) this.clock.in(1, life, found);
  }
}

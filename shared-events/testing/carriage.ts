import type { Socket } from 'node:net';

/** Handed on in pieces of at most so many bytes, each after a pause of so many milliseconds. */
export interface Slices {
  readonly bytes: number;
  readonly pauseMs: number;
}

/** What happens to bytes on their way. */
export interface Way {
  /** Whether they move at all: where not, whoever sends is soon held up. */
  readonly isOpen: boolean;
  /** Milliseconds that they are under way. */
  readonly latencyMs: number;
  readonly slices: Slices | undefined;
}

interface Piece {
  readonly due: number;
  readonly bytes: Buffer;
}

/** The first piece is shorter than the header of a frame in HTTP/2 (9), AMQP (7) and Postgres' protocol (5). */
const FIRST_BYTES = 3;
/** So much is under way at once; whoever sends more has to wait. */
const CAPACITY = 1_048_576;

/** Carries what one socket sends to another, in its order, as the way is at the time. */
export class Carriage {
  readonly #underWay: Piece[] = [];
  #bytes = 0;
  #lastDue = 0;
  #timer: NodeJS.Timeout | undefined;
  #isLast = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly way: () => Way,
  ) {
    to.on('drain', () => this.#letSend());
    to.on('close', () => clearTimeout(this.#timer));
  }

  take(bytes: Buffer): void {
    const { latencyMs, slices } = this.way();
    const due = Date.now() + latencyMs;
    for (const piece of slices ? cut(bytes, slices.bytes) : [bytes]) {
      this.#lastDue = Math.max(due, this.#lastDue) + (slices?.pauseMs ?? 0);
      this.#underWay.push({ due: this.#lastDue, bytes: piece });
    }
    this.#bytes += bytes.length;
    this.goOn();
  }

  /** Nothing follows: the other side is told once it has all of it. */
  end(): void {
    this.#isLast = true;
    this.goOn();
  }

  /** Also where the way has become another one. */
  goOn(): void {
    if (this.#timer === undefined) this.#handOn();
    this.#letSend();
  }

  #handOn(): void {
    if (!this.way().isOpen) return;
    for (let [next] = this.#underWay; next; [next] = this.#underWay) {
      const wait = next.due - Date.now();
      if (wait > 0) return this.#goOnIn(wait);
      this.#underWay.shift();
      this.#bytes -= next.bytes.length;
      if (this.to.writable) this.to.write(next.bytes);
    }
    if (this.#isLast) this.to.end();
  }

  #goOnIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.goOn();
    }, ms);
  }

  #letSend(): void {
    const hasRoom = this.#bytes < CAPACITY && !this.to.writableNeedDrain;
    if (hasRoom && this.way().isOpen) this.from.resume();
    else this.from.pause();
  }
}

function cut(bytes: Buffer, length: number): Buffer[] {
  const pieces = [bytes.subarray(0, FIRST_BYTES)];
  for (let at = FIRST_BYTES; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}

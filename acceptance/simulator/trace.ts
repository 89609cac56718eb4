import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { hashOf, mixed } from './chance.js';

/**
 * What happened in a run: lines for people where they are asked for, and in any case a fingerprint of all steps, by
 * which two runs are known to be the same.
 */
export class Trace {
  fingerprint = 0;
  readonly lines: string[] = [];

  constructor(
    private readonly start: number,
    private readonly isKept: boolean,
  ) {}

  step(now: () => number, step: number, what: string): void {
    this.fingerprint = mixed(this.fingerprint ^ hashOf(what), now() - this.start);
    if (this.isKept) this.#keep(now(), `${String(step).padStart(4)} ${what}`);
  }

  line(now: () => number, what: string): void {
    if (this.isKept) this.#keep(now(), `     ${what}`);
  }

  types(events: readonly RecordedEvent[]): string {
    return events.map(typeOf).join(', ');
  }

  #keep(at: number, what: string): void {
    const seconds = ((at - this.start) / 1_000).toFixed(3);
    this.lines.push(`${seconds.padStart(10)} s ${what}`);
  }
}

/** What a process heard is of more interest than that it did. */
function typeOf({ type, data }: RecordedEvent): string {
  const heard = type === 'OrderProcessHeard' ? String((data as { readonly type?: unknown }).type) : undefined;
  return heard === undefined ? type : `heard ${heard}`;
}

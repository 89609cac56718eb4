import type { Recorded } from './append-rules.js';
import type { LogEntry } from './event-log.js';
import { eventId } from './recorded-event.js';

/** Some 15 MB at most. An append that comes again comes within seconds. */
const CAPACITY = 50_000;

/**
 * Ids of the last events written, for appends that expect no particular revision. It is bounded and
 * empty after a start, as the server's is: repeats are certain to be found only at an expected revision.
 */
export class RecentEvents {
  private readonly events = new Map<string, Recorded & { readonly stream: string }>();

  find(stream: string, id: string): Recorded | undefined {
    const event = this.events.get(id);
    return event?.stream === stream ? event : undefined;
  }

  remember(entries: readonly LogEntry[]): void {
    for (const { stream, revision, position, record } of entries) {
      this.events.set(eventId(record), { stream, revision, position });
    }
    for (const oldest of this.events.keys()) {
      if (this.events.size <= CAPACITY) break;
      this.events.delete(oldest);
    }
  }
}

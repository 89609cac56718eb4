import type { Recorded, StreamState } from './append-rules.js';
import { type EventLog, type LogEntry, NO_REVISION } from './event-log.js';
import { RecentEvents } from './recent-events.js';
import { encodeRecordedEvent, eventId, type ProposedEvent, TOMBSTONE_REVISION } from './recorded-event.js';
import { isMetastream, metastreamOf, originalOf, readLimits, SOFT_DELETED } from './stream-metadata.js';

/**
 * The appends that go to disk together. Each is decided on the log as it will be once those before it
 * in the group are written; nothing of it is seen by anyone else until the whole group is on disk.
 */
export class AppendGroup {
  readonly entries: LogEntry[] = [];
  private readonly byStream = new Map<string, LogEntry[]>();
  private readonly lastRevisions = new Map<string, number>();
  private readonly ids = new Map<string, LogEntry>();
  private readonly created: number;
  private nextPosition: number;

  /** `created` is the time that its events get, in ms since 1970. */
  constructor(
    private readonly log: EventLog,
    private readonly recent: RecentEvents,
    created: number,
  ) {
    this.created = created;
    this.nextPosition = log.head + 1;
  }

  /** A stream as it will be after the group so far. */
  state(stream: string): StreamState {
    return new PendingStream(this, stream);
  }

  lastRevision(stream: string): number {
    const ended = isMetastream(stream) && this.ownLastRevision(originalOf(stream)) === TOMBSTONE_REVISION;
    return ended ? TOMBSTONE_REVISION : this.ownLastRevision(stream);
  }

  /** Puts an event at the end of its stream. */
  append(stream: string, event: ProposedEvent): Recorded {
    return this.place(stream, this.lastRevision(stream) + 1, event);
  }

  /** Ends a stream for ever. */
  tombstone(stream: string, event: ProposedEvent): Recorded {
    return this.place(stream, TOMBSTONE_REVISION, event);
  }

  /** The last event of the stream's metadata, undefined when it has none. */
  metadata(stream: string): Buffer | undefined {
    if (isMetastream(stream)) return undefined;
    const metastream = metastreamOf(stream);
    const last = this.lastRevision(metastream);
    if (last === NO_REVISION) return undefined;
    return this.byStream.get(metastream)?.at(-1)?.record ?? this.log.eventAt(metastream, last)?.record;
  }

  isSoftDeleted(stream: string): boolean {
    const metadata = this.metadata(stream);
    return metadata !== undefined && readLimits(metadata).truncateBefore === SOFT_DELETED;
  }

  private ownLastRevision(stream: string): number {
    return this.lastRevisions.get(stream) ?? this.log.lastRevision(stream);
  }

  private place(stream: string, revision: number, event: ProposedEvent): Recorded {
    const position = this.nextPosition++;
    const placement = { stream, revision, position, created: this.created };
    const entry = { ...placement, record: encodeRecordedEvent(event, placement) };
    this.entries.push(entry);
    this.lastRevisions.set(stream, revision);
    this.ids.set(event.id, entry);
    const pending = this.byStream.get(stream);
    if (pending === undefined) this.byStream.set(stream, [entry]);
    else pending.push(entry);
    return entry;
  }

  eventAt(stream: string, revision: number): { id: string; position: number } | undefined {
    const pending = this.byStream.get(stream)?.find((entry) => entry.revision === revision);
    const found = pending ?? this.log.eventAt(stream, revision);
    return found && { id: eventId(found.record), position: found.position };
  }

  recentEvent(stream: string, id: string): Recorded | undefined {
    const pending = this.ids.get(id);
    return pending?.stream === stream ? pending : this.recent.find(stream, id);
  }
}

class PendingStream implements StreamState {
  constructor(
    private readonly group: AppendGroup,
    private readonly name: string,
  ) {}

  get lastRevision(): number {
    return this.group.lastRevision(this.name);
  }

  get softDeleted(): boolean {
    return this.group.isSoftDeleted(this.name);
  }

  get hasMetadata(): boolean {
    return this.group.metadata(this.name) !== undefined;
  }

  eventAt(revision: number): { id: string; position: number } | undefined {
    return this.group.eventAt(this.name, revision);
  }

  recentEvent(id: string): Recorded | undefined {
    return this.group.recentEvent(this.name, id);
  }
}

import { randomUUID } from 'node:crypto';
import { AppendGroup } from './append-group.js';
import {
  decideAppend,
  decideSoftDelete,
  decideTombstone,
  type ExpectedRevision,
  type Recorded,
} from './append-rules.js';
import { shuttingDown } from './errors.js';
import type { EventLog, LogEntry } from './event-log.js';
import { RecentEvents } from './recent-events.js';
import type { ProposedEvent } from './recorded-event.js';
import {
  isMetastream,
  METADATA_EVENT_TYPE,
  metastreamOf,
  originalOf,
  SOFT_DELETED_METADATA,
  withTruncateBefore,
} from './stream-metadata.js';

/** What a client wants done with a stream; all of it happens or none. */
export interface AppendRequest {
  readonly kind: 'append' | 'soft-delete' | 'tombstone';
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** Empty for a deletion. */
  readonly events: readonly ProposedEvent[];
}

export type AppendOutcome =
  /** `revision` is that of the stream's last event, NO_REVISION when it has none; an empty append has no position. */
  | { readonly kind: 'done'; readonly revision: number; readonly position: number | undefined }
  | { readonly kind: 'wrong-revision'; readonly current: number }
  | { readonly kind: 'deleted' };

interface Waiting {
  readonly request: AppendRequest;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A group takes what waits, but stays a commit of some ten ms, so that nobody waits behind a giant. */
const GROUP_REQUESTS = 1024;
const GROUP_BYTES = 8 * 1024 * 1024;

/**
 * Decides and writes all appends, one group at a time: while a group is synced to disk the next one
 * gathers. An append is answered when its group is on disk, a refusal too, because it may rest on an
 * event that is written with it.
 */
export class Appender {
  private readonly waiting: Waiting[] = [];
  private readonly recent = new RecentEvents();
  private running: Promise<void> | undefined;
  private stopping = false;

  /** `committed` hears of each group as soon as it is on disk, `onFault` of one that the disk refused. */
  constructor(
    private readonly log: EventLog,
    private readonly committed: (entries: readonly LogEntry[]) => void,
    private readonly onFault: (fault: Error) => void,
  ) {}

  /** Rejects when the disk refuses; nothing of the request is written then. */
  submit(request: AppendRequest): Promise<AppendOutcome> {
    if (this.stopping) return Promise.reject(shuttingDown());
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when all that was submitted is answered; what comes later is refused. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      await nextTurn(); // lets the requests of the same packet join
      await this.writeGroup(this.takeGroup());
    }
    this.running = undefined;
  }

  private takeGroup(): Waiting[] {
    let count = 0;
    for (
      let bytes = 0;
      count < this.waiting.length && count < GROUP_REQUESTS && bytes < GROUP_BYTES;
      count++
    ) {
      for (const event of this.waiting[count]?.request.events ?? [])
        bytes += event.data.length + event.metadata.length;
    }
    return this.waiting.splice(0, count);
  }

  private async writeGroup(members: readonly Waiting[]): Promise<void> {
    try {
      const group = new AppendGroup(this.log, this.recent, Date.now());
      const answers = members.map(({ request, resolve }) => [resolve, perform(group, request)] as const);
      if (group.entries.length > 0) await this.log.write(group.entries);
      this.recent.remember(group.entries);
      for (const [resolve, outcome] of answers) resolve(outcome);
      this.committed(group.entries);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.onFault(new Error(`${members.length} append(s) not written: ${reason}`, { cause: error }));
      for (const member of members) member.reject(error);
    }
  }
}

function perform(group: AppendGroup, { kind, stream, expected, events }: AppendRequest): AppendOutcome {
  const ids = events.map((event) => event.id);
  const decision = DECISIONS[kind](group.state(stream), expected, ids);
  switch (decision.kind) {
    case 'wrong-revision':
      return { kind: 'wrong-revision', current: group.lastRevision(stream) };
    case 'deleted':
      return { kind: 'deleted' };
    case 'repeat':
      return done(decision.last);
    case 'append': {
      const last = CHANGES[kind](group, stream, events);
      return last === undefined ? unchanged(group.lastRevision(stream)) : done(last);
    }
  }
}

function done({ revision, position }: Recorded): AppendOutcome {
  return { kind: 'done', revision, position };
}

function unchanged(revision: number): AppendOutcome {
  return { kind: 'done', revision, position: undefined };
}

const DECISIONS = { append: decideAppend, 'soft-delete': decideSoftDelete, tombstone: decideTombstone };

/** What each kind of request adds to the group; where its last event is, undefined when it adds none. */
const CHANGES = {
  append(group: AppendGroup, stream: string, events: readonly ProposedEvent[]): Recorded | undefined {
    const original = isMetastream(stream) ? originalOf(stream) : stream;
    const undeletes = group.isSoftDeleted(original);
    const firstRevision = group.lastRevision(original) + 1;
    let last: Recorded | undefined;
    for (const event of events) last = group.append(stream, event);
    if (undeletes) undelete(group, original, firstRevision);
    return last;
  },
  'soft-delete'(group: AppendGroup, stream: string): Recorded {
    return group.append(metastreamOf(stream), systemEvent(METADATA_EVENT_TYPE, SOFT_DELETED_METADATA));
  },
  tombstone(group: AppendGroup, stream: string): Recorded {
    return group.tombstone(stream, systemEvent('$streamDeleted', ''));
  },
};

/**
 * A deleted stream begins again at the revision after its last one. It does so when it is appended to, even
 * without events, and when its metadata is set.
 */
function undelete(group: AppendGroup, stream: string, firstRevision: number): void {
  const metadata = group.metadata(stream);
  const truncated = metadata && withTruncateBefore(metadata, firstRevision);
  if (truncated !== undefined)
    group.append(metastreamOf(stream), systemEvent(METADATA_EVENT_TYPE, truncated));
}

function systemEvent(type: string, data: string): ProposedEvent {
  return { id: randomUUID(), type, isJson: data !== '', data: Buffer.from(data), metadata: Buffer.alloc(0) };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

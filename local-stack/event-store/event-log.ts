import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { LastRevisions } from './last-revisions.js';
import { checkLogFile, syncDirectory } from './log-file.js';
import { isAt, isWhole, revisionOf, streamName, TOMBSTONE_REVISION } from './recorded-event.js';
import { readRevision, streamKey, streamPrefix } from './stream-key.js';
import { isMetastream, originalOf } from './stream-metadata.js';

/**
 * The log on disk: two B-trees in one lmdb file.
 *
 *   log      position            -> recorded event (see recorded-event.ts)
 *   streams  (stream, revision)  -> position
 *
 * Everything else (a stream's last revision, its metadata, the head of $all) is the last key of a
 * range, so there is nothing to rebuild when the log is opened. Only last revisions are remembered as well.
 *
 * `overlappingSync` is off: a commit writes its pages, syncs them, and only then writes the root
 * that makes them visible (through a descriptor that syncs each write). So what a reader sees is on
 * disk, and a promise of `write` that resolved is too. With overlapping syncs events would be seen,
 * and acted upon, that a power failure can still take back.
 */

/** lmdb's put takes options as its putSync does; its types leave them out. */
declare module 'lmdb' {
  interface Database<V, K> {
    put(id: K, value: V, options: { readonly append: boolean }): Promise<boolean>;
  }
}

/** An event and its place in $all. */
export interface StoredEvent {
  readonly position: number;
  readonly record: Buffer;
}

/** An event and its place in its stream. */
export interface LogEntry extends StoredEvent {
  readonly stream: string;
  readonly revision: number;
}

export type Direction = 'forwards' | 'backwards';

/** Positions or revisions; both ends are included, and backwards `from` is the greater. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly direction: Direction;
  readonly limit: number;
}

/** What one read from disk holds at most: enough to be quick, little enough for a thousand slow readers. */
const PAGE_EVENTS = 256;
const PAGE_BYTES = 64 * 1024;

const INITIAL_MAP_BYTES = 256 * 1024 * 1024;

/** Positions only rise: pages are filled instead of split in halves. Resolves with false should one not rise. */
const AT_END = { append: true };

export const NO_REVISION = -1;

export class EventLog {
  /** Position of the last event, 0 while there is none. */
  #head: number;
  readonly #lastRevisions = new LastRevisions();

  private constructor(
    private readonly root: RootDatabase<Buffer, number>,
    private readonly log: Database<Buffer, number>,
    private readonly streams: Database<number, Buffer>,
  ) {
    this.#head = 0;
    for (const position of log.getKeys({ reverse: true, limit: 1 })) this.#head = position;
    if (this.#head > 0) this.recordAt(this.#head);
  }

  /**
   * Opens or creates the log in `dir`. Throws when the file is not a log. Holds no lock: see dir-lock.ts.
   * Without `durable` nothing is synced: what the machine has not written by itself is lost with it.
   */
  static open(dir: string, { durable = true } = {}): EventLog {
    const path = join(dir, 'events.lmdb');
    checkLogFile(path);
    const root: RootDatabase<Buffer, number> = open({
      path,
      encoding: 'binary',
      overlappingSync: false,
      noSync: !durable,
      eventTurnBatching: false, // groups are made here; lmdb's own would be another promise that nobody hears fail
      mapSize: INITIAL_MAP_BYTES,
    });
    syncDirectory(dir);
    return new EventLog(
      root,
      root.openDB<Buffer, number>('log', { encoding: 'binary' }),
      root.openDB<number, Buffer>('streams', { encoding: 'ordered-binary', keyEncoding: 'binary' }),
    );
  }

  get head(): number {
    return this.#head;
  }

  /**
   * NO_REVISION while the stream does not exist, TOMBSTONE_REVISION once it is tombstoned, or once the
   * stream is whose metadata it holds.
   */
  lastRevision(stream: string): number {
    const ended = isMetastream(stream) && this.ownLastRevision(originalOf(stream)) === TOMBSTONE_REVISION;
    return ended ? TOMBSTONE_REVISION : this.ownLastRevision(stream);
  }

  eventAt(stream: string, revision: number): StoredEvent | undefined {
    const position = this.streams.get(streamKey(streamPrefix(stream), revision));
    if (position === undefined) return undefined;
    return { position, record: this.recordOf(Buffer.from(stream), revision, position) };
  }

  /** $all, page by page, read when it is asked for. */
  all(range: Range): Generator<StoredEvent[]> {
    return pages(
      range,
      (rest) => this.pageOfAll(rest),
      ({ position }) => position,
    );
  }

  /**
   * A stream, page by page, read when it is asked for. A tombstone is none of its events. Throws where a revision
   * of the range is missing before the stream's last one: nothing is ever removed.
   */
  stream(name: string, range: Range): Generator<LogEntry[]> {
    return pages(
      range,
      (rest) => this.pageOfStream(name, rest),
      ({ revision }) => revision,
    );
  }

  /**
   * Writes all entries or none; they are on disk when it resolves. Rejects with what the disk said, and
   * can be tried again then. The caller writes one group at a time.
   */
  async write(entries: readonly LogEntry[]): Promise<void> {
    const writes: Promise<boolean>[] = [];
    const commit = this.root.batch(() => {
      for (const { stream, revision, position, record } of entries) {
        writes.push(this.log.put(position, record, AT_END));
        writes.push(this.streams.put(streamKey(streamPrefix(stream), revision), position));
      }
    });
    const done = await Promise.all([commit, ...writes]).catch(throwReason);
    if (done.includes(false)) throw new Error('the log is damaged: it holds events beyond its end');
    for (const { stream, revision } of entries) this.#lastRevisions.set(stream, revision);
    this.#head = entries.at(-1)?.position ?? this.#head;
  }

  /** What is damaged, a line each: every event is read, and looked up as its stream has it. */
  *damages(): Generator<string> {
    for (let position = 1; position <= this.#head; position++) {
      try {
        const record = this.recordAt(position);
        const [stream, revision] = [streamName(record), revisionOf(record)];
        if (this.streams.get(streamKey(streamPrefix(stream), revision)) !== position)
          yield `the log is damaged: ${stream} at ${revision} is not in its index`;
      } catch (error) {
        yield error instanceof Error ? error.message : String(error);
      }
    }
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  private ownLastRevision(stream: string): number {
    const known = this.#lastRevisions.get(stream);
    if (known !== undefined) return known;
    const found = this.findLastRevision(stream);
    this.#lastRevisions.set(stream, found);
    return found;
  }

  private findLastRevision(stream: string): number {
    const prefix = streamPrefix(stream);
    const range = { start: streamKey(prefix, TOMBSTONE_REVISION), end: prefix, reverse: true, limit: 1 };
    for (const key of this.streams.getKeys(range)) return readRevision(key);
    return NO_REVISION;
  }

  private pageOfAll(range: Range): StoredEvent[] {
    const page: StoredEvent[] = [];
    let bytes = 0;
    for (const { key, value } of this.log.getRange(lmdbRange(range, (position) => position))) {
      page.push({ position: key, record: whole(value, key) });
      bytes += value.length;
      if (bytes >= PAGE_BYTES) break;
    }
    return page;
  }

  private pageOfStream(stream: string, range: Range): LogEntry[] {
    const prefix = streamPrefix(stream);
    const name = Buffer.from(stream);
    const page: LogEntry[] = [];
    let bytes = 0;
    let expected = range.from;
    for (const { key, value } of this.streams.getRange(
      lmdbRange(range, (revision) => streamKey(prefix, revision)),
    )) {
      const revision = readRevision(key);
      if (revision !== expected)
        throw new Error(`the log is damaged: ${stream} at ${expected} is not in its index`);
      expected += range.direction === 'forwards' ? 1 : -1;
      const record = this.recordOf(name, revision, value);
      page.push({ stream, revision, position: value, record });
      bytes += record.length;
      if (bytes >= PAGE_BYTES) break;
    }
    return page;
  }

  private recordOf(stream: Buffer, revision: number, position: number): Buffer {
    const record = this.recordAt(position);
    if (isAt(record, stream, revision)) return record;
    throw new Error(`the log is damaged: ${stream.toString()} at ${revision} leads to another event`);
  }

  private recordAt(position: number): Buffer {
    const record = this.log.get(position);
    if (record === undefined)
      throw new Error(`the log is damaged: there is no event at position ${position}`);
    return whole(record, position);
  }
}

/** lmdb trusts the disk: that an event is what was written is seen to here, each time that it is read. */
function whole(record: Buffer, position: number): Buffer {
  if (isWhole(record)) return record;
  throw new Error(`the log is damaged: the event at position ${position} is not what was written`);
}

/** lmdb says that a commit failed, and why in a promise of its own. */
async function throwReason(error: Error & { readonly commitError?: Promise<unknown> }): Promise<never> {
  await error.commitError;
  throw error;
}

function* pages<Event>(
  range: Range,
  readPage: (rest: Range) => Event[],
  placeOf: (event: Event) => number,
): Generator<Event[]> {
  const step = range.direction === 'forwards' ? 1 : -1;
  let { from, limit } = range;
  while (limit > 0 && (range.to - from) * step >= 0) {
    const page = readPage({ ...range, from, limit });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    from = placeOf(last) + step;
    limit -= page.length;
  }
}

function lmdbRange<K>({ from, to, direction, limit }: Range, keyOf: (index: number) => K) {
  return {
    start: keyOf(from),
    end: keyOf(to),
    inclusiveEnd: true,
    reverse: direction === 'backwards',
    limit: Math.min(limit, PAGE_EVENTS),
  };
}

import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import { snapshotStream } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { type Kept, type SnapshotEffects, SnapshotTooLarge } from './snapshot.js';

const TYPE = 'SnapshotTaken';
/** A little less than the store's limit of 1 MiB an append, towards which the header counts too. */
const MAX_BYTES = 1_000_000;

const compressed = promisify(gzip);
const decompressed = promisify(gunzip);

/**
 * Snapshots in the event store, each the last event of a stream of its own that keeps no other: the header is the
 * event's metadata, the state its data. Compressed, on a thread of its own, a state takes a third of its JSON, most
 * of which are ids; and what the store gives back is what it was given, or cannot be read.
 */
export const snapshotsIn = (
  store: Pick<EventStore, 'appendSnapshot' | 'keepLastOnly' | 'readStreamBackwards'>,
  logger: Pick<LogSink, 'warn'>,
): SnapshotEffects => ({
  async read(stream, version) {
    for await (const event of store.readStreamBackwards(snapshotStream(stream, version), 1)) {
      const { revision: at, metadata: header, data } = event;
      return { at, header, ...(await stateIn(data)) };
    }
    return undefined;
  },

  async write(stream, version, { header, state }, replaced) {
    const data = await compressed(JSON.stringify(state), { level: constants.Z_BEST_SPEED });
    if (data.length > MAX_BYTES) throw new SnapshotTooLarge(`${data.length} bytes, of ${MAX_BYTES} at most`);
    const snapshots = snapshotStream(stream, version);
    if (replaced === undefined) await store.keepLastOnly(snapshots);
    const event = { id: randomUUID(), type: TYPE, data, metadata: header };
    const result = await store.appendSnapshot(snapshots, replaced ?? 'no_stream', event);
    return result.outcome === 'appended' ? { at: result.revision, bytes: data.length } : undefined;
  },

  tell: (stream, message, reason) => logger.warn({ stream, err: reason }, message),
});

/** What was not written here, or is damaged, holds no state. */
async function stateIn(data: unknown): Promise<Pick<Kept, 'state' | 'bytes'>> {
  if (!(data instanceof Uint8Array)) return { state: undefined, bytes: 0 };
  const text = await decompressed(data).catch(() => undefined);
  return { state: text && json(text.toString('utf8')), bytes: data.length };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

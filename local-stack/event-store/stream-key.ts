import { createHash } from 'node:crypto';

/** Keys of events by stream and revision: all of a stream are together, in the order of their revisions. */

/** Names above this many bytes are keyed by their hash: lmdb limits keys to 1,978 bytes. */
const LONGEST_PLAIN_NAME = 1024;
const HASHED_NAME = 0xffff;
const REVISION_LENGTH = 8;

/** Length, then name: no stream's keys lie within another's, whatever bytes the names hold. */
export function streamPrefix(stream: string): Buffer {
  const name = Buffer.from(stream);
  const hashed = name.length > LONGEST_PLAIN_NAME;
  const content = hashed ? createHash('sha256').update(name).digest() : name;
  const prefix = Buffer.allocUnsafe(2 + content.length);
  prefix.writeUInt16BE(hashed ? HASHED_NAME : content.length, 0);
  prefix.set(content, 2);
  return prefix;
}

export function streamKey(prefix: Buffer, revision: number): Buffer {
  const key = Buffer.allocUnsafe(prefix.length + REVISION_LENGTH);
  key.set(prefix);
  key.writeUInt32BE(Math.floor(revision / 2 ** 32), prefix.length);
  key.writeUInt32BE(revision % 2 ** 32, prefix.length + 4);
  return key;
}

export function readRevision(key: Buffer): number {
  const start = key.length - REVISION_LENGTH;
  return key.readUInt32BE(start) * 2 ** 32 + key.readUInt32BE(start + 4);
}

import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';

/**
 * lmdb maps its file into memory and trusts what is there: opening one that is damaged ends the
 * process with a signal instead of an error. So the two pages that describe the file are looked at
 * first. Layout of a page of lmdb's format 2, which all 64-bit little-endian machines share.
 */
const META_PAGES = 2;
const MAGIC = { offset: 24, value: 0xbeefc0de };
const VERSION = { offset: 28, value: 2 };
const PAGE_SIZE_OFFSET = 48;
const ROOT_OFFSETS = [88, 136];
const TRANSACTION_OFFSET = 152;
const META_LENGTH = 160;
/** The root of an empty tree. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Throws when the file at `path` is there but is not a whole log. An empty or absent one will be written anew. */
export function checkLogFile(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    if (size > 0 && size < bytesNeeded(file, path)) throw damaged(path, 'it ends too early');
  } finally {
    closeSync(file);
  }
}

/** Makes the directory's entries as durable as the files' contents. Windows neither needs nor allows it. */
export function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function bytesNeeded(file: number, path: string): number {
  const first = readMeta(file, 0, path);
  const pageSize = first.readUInt32LE(PAGE_SIZE_OFFSET);
  const second = readMeta(file, pageSize, path);
  const newer = transaction(first) > transaction(second) ? first : second;
  const roots = ROOT_OFFSETS.map((offset) => newer.readBigUInt64LE(offset)).filter(
    (page) => page !== NO_PAGE,
  );
  return Math.max(META_PAGES, ...roots.map((page) => Number(page) + 1)) * pageSize;
}

function readMeta(file: number, offset: number, path: string): Buffer {
  const meta = Buffer.alloc(META_LENGTH);
  readSync(file, meta, 0, META_LENGTH, offset);
  for (const field of [MAGIC, VERSION]) {
    if (meta.readUInt32LE(field.offset) !== field.value)
      throw damaged(path, 'it is not a log of this format');
  }
  return meta;
}

function transaction(meta: Buffer): bigint {
  return meta.readBigUInt64LE(TRANSACTION_OFFSET);
}

function damaged(path: string, reason: string): Error {
  return new Error(`${path} is damaged: ${reason}`);
}

import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { open } from 'lmdb';
import { type Throughput, closedLoop } from './closed-loop.js';
import { PAYLOAD_BYTES } from './small-event.js';

const bytes = Buffer.alloc(PAYLOAD_BYTES, 'x');

/** A file that grows by a small event at a time, each of them on disk before the next one. */
export class SyncedFile {
  readonly #file: number;

  /** Made by this where it is not there. */
  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** Written and on disk when it returns. Nobody else runs meanwhile: no switch of threads is in its time. */
  append(): void {
    writeSync(this.#file, bytes);
    fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Puts under rising keys in a database of their own in that folder; each is on disk when it is done, as ours is. */
export async function lmdbPuts(path: string, seconds: number, inFlight: number): Promise<Throughput> {
  const database = open<Buffer, number>({ path, encoding: 'binary', overlappingSync: false });
  let key = 0;
  try {
    return await closedLoop(seconds, inFlight, async () => {
      await database.put(++key, bytes);
    });
  } finally {
    await database.close();
  }
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventLog } from '@orders/local-stack/event-store/event-log.js';
import { EVENTS_PER_STREAM, fillStore, filledStream } from './filled-store.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'filled-store-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('a filled store', () => {
  it('holds as many events as were asked for, in streams of ten', async () => {
    await fillStore(join(dir, 'store'), 30);
    const log = EventLog.open(join(dir, 'store'));
    expect(log.head).toBe(30);
    expect(log.lastRevision(filledStream(2))).toBe(EVENTS_PER_STREAM - 1);
    expect(log.lastRevision(filledStream(3))).toBe(-1);
    await log.close();
  });

  it('is not begun where the disk has no room for it', async () => {
    await expect(fillStore(join(dir, 'vast'), 1e15)).rejects.toThrow('are needed');
  });
});

import { SyncedFile, lmdbPuts } from './bare-disk.js';
import { perSecond } from './closed-loop.js';
import { type Measurement, figure, table } from './report.js';
import { PAYLOAD_BYTES } from './small-event.js';
import type { Stage } from './stage.js';

const SECONDS = 2;
const IN_FLIGHT = [1, 32, 256] as const;

/** What the disk gives without the node, in the folder beside its data: fdatasync alone, and lmdb alone. */
export async function measureDisk(stage: Stage): Promise<Measurement> {
  const syncs = syncsPerSecond(stage.file('synced'));
  const puts: { inFlight: number; perSecond: number }[] = [];
  for (const inFlight of IN_FLIGHT) {
    const throughput = await lmdbPuts(stage.file(`puts-${inFlight}.lmdb`), SECONDS, inFlight);
    puts.push({ inFlight, perSecond: perSecond(throughput) });
  }
  return {
    title: `the disk alone, ${PAYLOAD_BYTES} bytes at a time (${SECONDS} s each)`,
    lines: table([
      ['', 'per second'],
      ['write + fdatasync', figure(syncs)],
      ...puts.map(({ inFlight, perSecond }) => [`lmdb alone, ${inFlight} puts in flight`, figure(perSecond)]),
    ]),
    figures: { bytes: PAYLOAD_BYTES, syncsPerSecond: syncs, puts },
    goals: [],
  };
}

function syncsPerSecond(path: string): number {
  const file = new SyncedFile(path);
  const startedAt = performance.now();
  const until = startedAt + SECONDS * 1000;
  let done = 0;
  for (; performance.now() < until; done++) file.append();
  file.close();
  return (done * 1000) / (performance.now() - startedAt);
}

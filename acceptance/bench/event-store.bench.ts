import { measureAppends } from './append.bench.js';
import type { BenchOptions } from './bench-run.js';
import { measureDisk } from './disk.bench.js';
import { measureLive } from './live.bench.js';
import { measureMillion } from './million.bench.js';
import { measureOpening } from './opening.bench.js';
import { measureReads } from './reading.bench.js';
import type { Measurement } from './report.js';
import { Stage } from './stage.js';
import { Subjects } from './subjects.js';

/** In the store before anything is measured, and what is read. */
const EVENTS = 100_000;

/** The embedded event store alone: each part as soon as it is known. */
export async function* benchEventStore({ full, progress }: BenchOptions): AsyncGenerator<Measurement> {
  const stage = await Stage.empty();
  try {
    progress('the disk alone');
    yield await measureDisk(stage);
    progress(`filling in ${EVENTS} events`);
    const subjects = await Subjects.start(stage, EVENTS);
    progress('appends');
    yield await measureAppends(subjects, progress);
    progress('reads');
    yield await measureReads(subjects, progress);
    progress('live');
    yield await measureLive(subjects, progress);
    progress('a million appends');
    yield await measureMillion(subjects, progress);
    if (full) {
      progress('opening');
      yield await measureOpening(stage, progress);
    }
  } finally {
    await stage.close();
  }
}

import type { BenchOptions } from './bench-run.js';
import { EACH, measureInstances } from './instances.bench.js';
import type { Measurement } from './report.js';
import { RunningSystem } from './running-system.js';
import { measureTakeovers } from './takeover.bench.js';

/**
 * What a second instance of each side costs, and how soon it goes on where the first one ends. The systems that are
 * compared run side by side, each on servers of its own, and have something to do in turn.
 */
export async function* benchScale({ full, progress }: BenchOptions): AsyncGenerator<Measurement> {
  progress('starting');
  const ours = await RunningSystem.start('three processes', EACH);
  try {
    const bare = await RunningSystem.start('three processes');
    try {
      yield* measureInstances({ ours, bare }, full, progress);
    } finally {
      await bare.stop();
    }
    progress('takeover');
    yield* measureTakeovers(ours, full, progress);
  } finally {
    await ours.stop();
  }
}

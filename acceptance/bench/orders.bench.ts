import type { BenchOptions } from './bench-run.js';
import { measureCompletion } from './completion.bench.js';
import { measureLatency } from './latency.bench.js';
import { MemoryWatch } from './memory-watch.js';
import { SKUS } from './orders-load.js';
import { runOrders } from './orders-run.js';
import { measurePlacement } from './placement.bench.js';
import type { Measurement } from './report.js';
import { RunningSystem } from './running-system.js';

/** What a short run cannot tell of memory, so many orders can. */
const FULL_ORDERS = 20_000;

/** Placement, completion, latency and memory, each as soon as it is known. Where it is full, over 20,000 more orders. */
export async function* benchOrders({ full, topology, progress }: BenchOptions): AsyncGenerator<Measurement> {
  progress('placement');
  yield await measurePlacement(progress);
  const memory = new MemoryWatch();
  progress(`completion, in ${topology}`);
  const system = await RunningSystem.start(topology);
  try {
    yield await measureCompletion(system, memory, progress);
    progress('latency');
    yield await measureLatency(system);
    if (full) {
      progress(`memory, over ${FULL_ORDERS} more orders`);
      const goesOn = (placed: number) => placed < FULL_ORDERS;
      const { orders } = await runOrders(system, { skus: SKUS, goesOn, sample: memory.sample });
      memory.passed(orders);
    }
    yield memory.measurement();
  } finally {
    await system.stop();
  }
}

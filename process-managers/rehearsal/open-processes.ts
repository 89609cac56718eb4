import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { performance } from 'node:perf_hooks';
import { NotRunning } from '@orders/shared-events/transport/running-system.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Pool } from 'pg';
import { PROCESSES } from '../order-process/processes.projection.js';

const PAGE = 500;

const LOOK_EVERY_MS = 100;
const MOST_BEHIND_MS = 10_000;

/** Resolves once their projection has reached that position in the log. Throws NotRunning where it does not, in 10 s. */
export async function untilProjected(pool: Pool, head: bigint, signal: AbortSignal): Promise<void> {
  const reached = async (): Promise<boolean> => {
    const { rows } = await pool.query<{ reached: boolean }>({
      name: 'open-processes-projected',
      text: 'SELECT position >= $2 AS reached FROM process_managers.checkpoints WHERE name = $1',
      values: [PROCESSES, head],
    });
    return rows[0]?.reached ?? head === 0n;
  };
  for (const deadline = performance.now() + MOST_BEHIND_MS; !(await reached());) {
    signal.throwIfAborted();
    if (performance.now() >= deadline)
      throw new NotRunning('the list of open processes is behind the log: are the process managers running?');
    await sleep(LOOK_EVERY_MS, signal);
  }
}

/** The processes that are not done, as their projection has them, in the order of their ids. */
export async function* openProcesses(pool: Pool): AsyncGenerator<OrderId[]> {
  let behind = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const { rows } = await pool.query<{ order_id: string }>({
      name: 'open-processes',
      text: `
        SELECT order_id FROM process_managers.processes
        WHERE status <> 'DONE' AND order_id > $1 ORDER BY order_id LIMIT ${PAGE}`,
      values: [behind],
    });
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map(({ order_id }) => OrderId.parse(order_id));
    behind = last.order_id;
  }
}

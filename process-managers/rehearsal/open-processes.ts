import { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Pool } from 'pg';

const PAGE = 500;

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

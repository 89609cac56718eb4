import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Pool } from 'pg';
import { partitionOf } from './partition.js';

const PUT = {
  name: 'set-aside-put',
  text: `
    INSERT INTO process_managers.set_aside (order_id, partition, position, reason) VALUES ($1, $2, $3, $4)
    ON CONFLICT (order_id) DO NOTHING`,
};
const OF_PARTITIONS = {
  name: 'set-aside-of-partitions',
  text: 'SELECT order_id FROM process_managers.set_aside WHERE partition = ANY($1::smallint[])',
};
const COUNT = {
  name: 'set-aside-count',
  text: 'SELECT count(*)::int AS orders FROM process_managers.set_aside',
};

/** The orders that met what could not be dealt with, and from which position on they wait. */
export class SetAside {
  constructor(private readonly pool: Pool) {}

  async put(orderId: OrderId, position: bigint, reason: string): Promise<void> {
    await this.pool.query({ ...PUT, values: [orderId, partitionOf(orderId), position, reason] });
  }

  async ofPartitions(partitions: readonly number[]): Promise<OrderId[]> {
    const { rows } = await this.pool.query<{ order_id: OrderId }>({ ...OF_PARTITIONS, values: [partitions] });
    return rows.map(({ order_id }) => order_id);
  }

  async count(): Promise<number> {
    const { rows } = await this.pool.query<{ orders: number }>(COUNT);
    return rows[0]?.orders ?? 0;
  }
}

import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import { asText } from '@orders/shared-events/transport/storable.js';
import type { Pool } from 'pg';
import { partitionOf } from '../order-process/partition.js';

/** What an order met that could not be dealt with. */
export interface Finding {
  /** Of the first event that was not dealt with. */
  readonly position: bigint;
  readonly reason: string;
  /** It was written by a newer build than this one. */
  readonly newer: boolean;
}

export interface Quarantined extends Finding {
  readonly orderId: OrderId;
}

/** An order that was let go on and met something else, or the same again, waits from there on. */
const PUT = {
  name: 'quarantine-put',
  text: `
    INSERT INTO process_managers.quarantine AS q (order_id, partition, position, reason, newer)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (order_id) DO UPDATE SET
      position = excluded.position, reason = excluded.reason, newer = excluded.newer,
      since = CASE WHEN q.position = excluded.position THEN q.since ELSE now() END`,
};
const RELEASE = {
  name: 'quarantine-release',
  text: 'DELETE FROM process_managers.quarantine WHERE order_id = $1 AND position = $2',
};
const OF_PARTITIONS = {
  name: 'quarantine-of-partitions',
  text: `
    SELECT order_id, position::text AS position, reason, newer FROM process_managers.quarantine
    WHERE partition = ANY($1::smallint[])`,
};

interface Row {
  readonly order_id: OrderId;
  readonly position: string;
  readonly reason: string;
  readonly newer: boolean;
}

/** The orders in quarantine, and from which position of the log on they wait. */
export class QuarantineTable {
  constructor(private readonly pool: Pool) {}

  async put(orderId: OrderId, { position, reason, newer }: Finding): Promise<void> {
    // An error may quote what a stranger wrote.
    const values = [orderId, partitionOf(orderId), position, asText(reason), newer];
    await this.pool.query({ ...PUT, values });
  }

  /** Nothing where the order waits from another position on, or not at all. */
  async release(orderId: OrderId, position: bigint): Promise<void> {
    await this.pool.query({ ...RELEASE, values: [orderId, position] });
  }

  async ofPartitions(partitions: readonly number[]): Promise<Quarantined[]> {
    const { rows } = await this.pool.query<Row>({ ...OF_PARTITIONS, values: [partitions] });
    return rows.map(({ order_id, position, reason, newer }) => ({
      ...{ orderId: order_id, position: BigInt(position), reason, newer },
    }));
  }
}

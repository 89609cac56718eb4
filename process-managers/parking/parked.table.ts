import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import { asText } from '@orders/shared-events/transport/storable.js';
import type { Pool } from 'pg';
import { asKept } from '../dead-letters/dead-letters.table.js';
import { partitionOf } from '../order-process/partition.js';
import type { Awaited } from '../strays.js';

/** One whose time to wait was over. */
export interface DeadLettered {
  /** In the log, in decimal. */
  readonly position: string;
  readonly orderId: OrderId;
  readonly awaits: string;
}

/** A partition in which the time of something is over, and when that was seen, by Postgres' clock. */
export interface Overdue {
  readonly partition: number;
  readonly at: string;
}

const MOST_AT_ONCE = 100;

/** One that was parked before stays as it is, also when its time is over. */
const PARK = {
  name: 'parked-park',
  text: `
    INSERT INTO process_managers.parked (position, order_id, partition, awaits, awaits_type, event, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 millisecond')
    ON CONFLICT (position) DO NOTHING`,
};
const MATCH = {
  name: 'parked-match',
  text: `
    UPDATE process_managers.parked SET outcome = 'matched', ended_at = now()
    WHERE outcome IS NULL AND awaits = $1 AND position < $2`,
};
const OVERDUE = {
  name: 'parked-overdue',
  text: `
    SELECT DISTINCT partition, now()::text AS at FROM process_managers.parked
    WHERE outcome IS NULL AND due_at <= now() AND partition = ANY($1::smallint[])`,
};
/** One statement, hence one transaction: whoever is told that its time is over finds the dead letter. */
const DEAD_LETTER = {
  name: 'parked-dead-letter',
  text: `
    WITH due AS (
      SELECT position FROM process_managers.parked
      WHERE outcome IS NULL AND due_at <= $2::timestamptz AND partition = $1
      ORDER BY due_at LIMIT ${MOST_AT_ONCE} FOR UPDATE SKIP LOCKED
    ), ended AS (
      UPDATE process_managers.parked AS p SET outcome = 'dead-lettered', ended_at = now()
      FROM due WHERE p.position = due.position
      RETURNING p.*
    ), letters AS (
      INSERT INTO process_managers.dead_letters
        (origin, queue, message_key, type, routing_key, reason, attempts, headers, content, first_failure_at, last_failure_at)
      SELECT 'unknown correlation', 'log', position::text, event ->> 'type', event ->> 'stream',
        format('no %s in %s within %s s', awaits_type, awaits, round(extract(epoch FROM due_at - parked_at))),
        1, '{}', convert_to(event::text, 'UTF8'), parked_at, now()
      FROM ended
      ON CONFLICT (queue, message_key) DO NOTHING
    )
    SELECT position::text AS position, order_id AS "orderId", awaits FROM ended`,
};
const OPEN = {
  name: 'parked-open',
  text: `
    SELECT DISTINCT awaits FROM process_managers.parked
    WHERE outcome IS NULL AND partition = ANY($1::smallint[])`,
};
/** Events in Postgres that wait for what they belong to, by Postgres' clock. */
export class ParkedTable {
  constructor(
    private readonly pool: Pool,
    private readonly deadlineMs: number,
  ) {}

  async park(orderId: OrderId, event: RecordedEvent, { awaits, awaitsType }: Awaited): Promise<void> {
    const { position } = event;
    const values = [
      ...[position, orderId, partitionOf(orderId), asText(awaits), awaitsType],
      ...[asKept(event), this.deadlineMs],
    ];
    await this.pool.query({ ...PARK, values });
  }

  /** Ends the wait of those that waited for an event in that stream. */
  async match({ streamId, position }: RecordedEvent): Promise<void> {
    await this.pool.query({ ...MATCH, values: [asText(streamId), position] });
  }

  /** The partitions among these in which the time of something is over. */
  async overdue(partitions: readonly number[]): Promise<readonly Overdue[]> {
    return (await this.pool.query<Overdue>({ ...OVERDUE, values: [partitions] })).rows;
  }

  /** Makes dead letters of those whose time was over by then, each once. */
  async deadLetterDue({ partition, at }: Overdue): Promise<readonly DeadLettered[]> {
    return (await this.pool.query<DeadLettered>({ ...DEAD_LETTER, values: [partition, at] })).rows;
  }

  /** What is awaited in these partitions. */
  async awaited(partitions: readonly number[]): Promise<string[]> {
    const { rows } = await this.pool.query<{ awaits: string }>({ ...OPEN, values: [partitions] });
    return rows.map(({ awaits }) => awaits);
  }
}

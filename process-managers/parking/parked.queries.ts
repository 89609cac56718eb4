import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';

/** An event that waits for what it belongs to. */
export interface Parked {
  /** In the log, in decimal. */
  readonly position: string;
  readonly orderId: OrderId;
  readonly type: string;
  /** The stream that it waits for, and the type of the event in it. */
  readonly awaits: string;
  readonly awaitsType: string;
  readonly data: unknown;
  readonly correlationId: string | null;
  readonly parkedAt: string;
  /** When it becomes a dead letter. */
  readonly dueAt: string;
}

const LIST = {
  name: 'parked-list',
  text: `
    SELECT position::text AS position, order_id AS "orderId", event ->> 'type' AS type, awaits,
      awaits_type AS "awaitsType", event -> 'data' AS data, event -> 'metadata' ->> '$correlationId' AS "correlationId",
      ${instant('parked_at', 'parkedAt')}, ${instant('due_at', 'dueAt')}
    FROM process_managers.parked
    WHERE outcome IS NULL AND position < coalesce($2::bigint, 9223372036854775807)
    ORDER BY position DESC LIMIT $1`,
};

/** What waits in the parking, to look at. */
export class ParkedQueries {
  constructor(private readonly pool: Pool) {}

  /** Newest first. @param behind position of the last one of the page before */
  async list(limit: number, behind: string | undefined): Promise<Parked[]> {
    return (await this.pool.query<Parked>({ ...LIST, values: [limit, behind ?? null] })).rows;
  }
}

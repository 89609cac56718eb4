import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';

/** An order in quarantine, to look at. */
export interface QuarantineView {
  readonly orderId: OrderId;
  /** In the log, in decimal: of the first event that was not dealt with. */
  readonly position: string;
  readonly reason: string;
  readonly newer: boolean;
  readonly since: string;
}

const COLUMNS = `order_id AS "orderId", position::text AS position, reason, newer, ${instant('since', 'since')}`;
const LIST = {
  name: 'quarantine-list',
  text: `SELECT ${COLUMNS} FROM process_managers.quarantine ORDER BY since DESC, order_id DESC LIMIT $1`,
};
const LIST_BEHIND = {
  name: 'quarantine-list-behind',
  text: `
    SELECT ${COLUMNS} FROM process_managers.quarantine WHERE (since, order_id) < ($2, $3)
    ORDER BY since DESC, order_id DESC LIMIT $1`,
};
const OF_ORDER = {
  name: 'quarantine-of-order',
  text: `SELECT ${COLUMNS} FROM process_managers.quarantine WHERE order_id = $1`,
};

export class QuarantineQueries {
  constructor(private readonly pool: Pool) {}

  /** Newest first. @param behind since when, and which order: the last one of the page before */
  async list(limit: number, behind: readonly [string, string] | undefined): Promise<QuarantineView[]> {
    const query = behind ? { ...LIST_BEHIND, values: [limit, ...behind] } : { ...LIST, values: [limit] };
    return (await this.pool.query<QuarantineView>(query)).rows;
  }

  async ofOrder(orderId: OrderId): Promise<QuarantineView | undefined> {
    return (await this.pool.query<QuarantineView>({ ...OF_ORDER, values: [orderId] })).rows[0];
  }
}

import { type Pool, escapeIdentifier } from 'pg';
import { instant } from '../postgres.js';

/** The schema of the views that queries read; the query side keeps it so for as long as the contract stands. */
export const READ_MODELS = 'read_v2';

export interface LedgerEntry {
  readonly key: string;
  readonly paymentId: string;
  readonly orderId: string;
  readonly operation: 'authorize' | 'charge' | 'capture' | 'void' | 'refund';
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly outcome: 'succeeded' | 'failed' | 'lost' | 'action_required' | 'expired';
  readonly code: string | null;
  readonly reference: string | null;
  readonly effects: number;
  readonly calls: number;
  readonly firstCalledAt: string;
  readonly lastCalledAt: string;
}

export interface LedgerFilter {
  readonly orderId?: string | undefined;
  readonly paymentId?: string | undefined;
  /** Key of the last entry of the page before. */
  readonly behind?: string | undefined;
}

export interface ReadModelHash {
  readonly name: string;
  readonly rows: number;
  readonly hash: string;
}

const COLUMNS = `
  key, payment_id AS "paymentId", order_id AS "orderId", operation, amount::float8 AS amount, currency, outcome,
  code, reference, effects, calls, ${instant('first_called_at', 'firstCalledAt')},
  ${instant('last_called_at', 'lastCalledAt')}`;

const LEDGER_EXISTS = {
  name: 'proofs-ledger-exists',
  text: `SELECT to_regclass('simulated_provider.ledger') IS NOT NULL AS there`,
};
const VIEWS = {
  name: 'proofs-views',
  text: `
    SELECT table_name AS name FROM information_schema.views WHERE table_schema = '${READ_MODELS}'
    ORDER BY table_name`,
};

/** What proofs need to look at, in schemas of others. Only reads. */
export class ProofQueries {
  constructor(private readonly pool: Pool) {}

  /** The simulated provider's own books, by key; undefined where there is no such provider. */
  async ledger(filter: LedgerFilter, limit: number): Promise<LedgerEntry[] | undefined> {
    const { rows } = await this.pool.query<{ there: boolean }>(LEDGER_EXISTS);
    if (!rows[0]?.there) return undefined;
    const values: unknown[] = [limit];
    const conditions = [
      ['order_id =', filter.orderId],
      ['payment_id =', filter.paymentId],
      ['key >', filter.behind],
    ].flatMap(([left, value]) => (value === undefined ? [] : [`${left} $${values.push(value)}`]));
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const text = `SELECT ${COLUMNS} FROM simulated_provider.ledger ${where} ORDER BY key LIMIT $1`;
    return (await this.pool.query<LedgerEntry>({ name: `proofs-ledger ${where}`, text, values })).rows;
  }

  /** Each read model's rows in one number, whatever their order: equal rows in another build give the same. */
  async readModelHashes(): Promise<ReadModelHash[]> {
    const { rows } = await this.pool.query<{ name: string }>(VIEWS);
    const hashes: ReadModelHash[] = [];
    for (const { name } of rows) hashes.push(await this.#hash(name));
    return hashes;
  }

  /** The halves of each row's MD5 are added up: a sum does not depend on the order, and tells one row from two. */
  async #hash(name: string): Promise<ReadModelHash> {
    const { rows } = await this.pool.query<Omit<ReadModelHash, 'name'>>(`
      SELECT count(*)::float8 AS rows,
        md5(concat_ws(':', count(*), sum(${half('left')}), sum(${half('right')}))) AS hash
      FROM (SELECT md5(t::text) AS row_hash FROM ${READ_MODELS}.${escapeIdentifier(name)} AS t) AS hashed`);
    return { name, rows: rows[0]?.rows ?? 0, hash: rows[0]?.hash ?? '' };
  }
}

const half = (side: 'left' | 'right') => `('x' || ${side}(row_hash, 16))::bit(64)::bigint::numeric`;

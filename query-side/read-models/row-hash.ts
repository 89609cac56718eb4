import type { Queryable } from '../database/database.js';

export interface RowHash {
  readonly rows: number;
  /** Of all rows' text, whatever their order; equal rows give an equal hash in any build. */
  readonly hash: string;
}

/** Rows and hash of each view of a schema, by the view's name. One scan a view, in constant memory. */
export async function rowHashes(
  client: Queryable,
  schema: string,
): Promise<Readonly<Record<string, RowHash>>> {
  const views = await client.query<{ name: string }>({
    text: 'SELECT viewname AS name FROM pg_views WHERE schemaname = $1 ORDER BY viewname',
    values: [schema],
  });
  const hashes: Record<string, RowHash> = {};
  for (const { name } of views.rows) hashes[name] = await rowHash(client, `${schema}.${name}`);
  return hashes;
}

/** The halves of each row's MD5 are added up: a sum does not depend on the order, and tells a row from two. */
async function rowHash(client: Queryable, view: string): Promise<RowHash> {
  const { rows } = await client.query<RowHash>({
    text: `SELECT count(*)::float8 AS rows,
                  md5(concat_ws(':', count(*), sum(${half('left')}), sum(${half('right')}))) AS hash
           FROM (SELECT md5(t::text) AS row_hash FROM ${view} AS t) AS hashed`,
  });
  const [hash] = rows;
  if (!hash) throw new Error(`${view} has no hash`);
  return hash;
}

const half = (side: 'left' | 'right'): string => `('x' || ${side}(row_hash, 16))::bit(64)::bigint::numeric`;

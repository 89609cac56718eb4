import type { Pool, QueryResultRow } from 'pg';
import type { Statement } from './statement.js';

/** What queries read from: the views of the live build, over a pool of its own. */
export class ReadDatabase {
  constructor(readonly pool: Pool) {}

  async rows<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    const { rows } = await this.pool.query<Row>({ ...statement, values: [...(statement.values ?? [])] });
    return rows;
  }
}

import { migrate } from '@orders/process-managers/postgres.js';
import { liveBuild } from '@orders/query-side/builds/builds.js';
import { ensureFirstBuild } from '@orders/query-side/builds/first-build.js';
import { readModels } from '@orders/query-side/read-models/read-models.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { Client, Pool } from 'pg';
import type { Progress } from './progress.js';
import type { Transaction, Write } from './projection-writes.js';

const silent = createLogger({ name: 'bare-driver', level: 'silent' });

/** The checkpoint and the notification of a batch, as ours has them. */
const MOVE_CHECKPOINT = {
  name: 'move_checkpoint',
  text: `WITH moved AS (
           UPDATE read_models.checkpoints SET position = $2, updated_at = now() WHERE build = $1 RETURNING build
         )
         SELECT pg_notify('bare', $2::text) FROM moved`,
};

/** Writes prepared rows into the tables that our projections fill. */
export class BareProjections {
  #batches = 0;
  /** Of each text, the name that Postgres prepares it under. */
  readonly #names = new Map<string, string>();

  private constructor(
    private readonly build: string,
    private readonly readModelClient: Client,
    private readonly processClient: Client,
  ) {}

  /** Makes the tables with their indexes, too. */
  static async connect(url: string): Promise<BareProjections> {
    await migrate(url, silent);
    const pool = new Pool({ connectionString: url });
    await ensureFirstBuild(pool, readModels, 'bare');
    const build = (await liveBuild(pool, readModels.contract))?.build ?? '';
    await pool.end();
    return new BareProjections(build, await open(url, build), await open(url, 'process_managers'));
  }

  /** One transaction after the other, each as its share of the orders is done. */
  async writeReadModels(transactions: readonly Transaction[], progress: Progress): Promise<void> {
    for (const [index, writes] of transactions.entries()) {
      await progress.reached(index / transactions.length);
      await this.readModelClient.query('BEGIN');
      await this.readModelClient.query({ ...MOVE_CHECKPOINT, values: [this.build, ++this.#batches] });
      for (const write of writes) await this.readModelClient.query(this.#prepared(write));
      await this.readModelClient.query('COMMIT');
    }
  }

  async writeProcesses(transactions: readonly Transaction[], progress: Progress): Promise<void> {
    for (const [index, writes] of transactions.entries()) {
      await progress.reached(index / transactions.length);
      for (const write of writes) await this.processClient.query(this.#prepared(write));
    }
  }

  #prepared({ text, values }: Write) {
    const name = this.#names.get(text) ?? `write_${this.#names.size}`;
    this.#names.set(text, name);
    return { name, text, values: [...values] };
  }
}

/** A connection whose unqualified names mean that schema. */
async function open(url: string, schema: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`SET search_path TO ${schema}`);
  return client;
}

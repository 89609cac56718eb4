import { Pool } from 'pg';
import { GraphqlClient, seedProducts } from './orders-load.js';
import type { Roots } from './process-usage.js';
import { Stage, built } from './stage.js';

export type Topology = 'one process' | 'three processes';

const LOCAL = 'http://127.0.0.1';

/** The whole system on a stage of its own, in either topology, with products to order. */
export class RunningSystem {
  private constructor(
    readonly stage: Stage,
    /** Takes mutations. */
    readonly commands: GraphqlClient,
    /** Takes subscriptions. */
    readonly queriesUrl: string,
    private readonly pool: Pool,
  ) {}

  static async start(topology: Topology): Promise<RunningSystem> {
    const stage = await Stage.open();
    try {
      const { commands, queries } = await (topology === 'one process'
        ? startApplication(stage)
        : startSides(stage));
      const client = new GraphqlClient(commands);
      await seedProducts(client);
      const pool = new Pool({ connectionString: stage.backEnds.DATABASE_URL, max: 1 });
      // When the bench is told to end, the server may go first; whoever then asks something is told so.
      pool.on('error', () => undefined);
      return new RunningSystem(stage, client, queries, pool);
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get roots(): Roots {
    return this.stage.roots;
  }

  /** Which of these orders are completed, as the read model has it. Costs the same however many there were before. */
  async completedOf(orderIds: readonly string[]): Promise<string[]> {
    const { rows } = await this.pool.query<{ order_id: string }>({
      name: 'completed',
      text: `SELECT order_id FROM read_v2.orders WHERE order_id = ANY($1::uuid[]) AND status = 'COMPLETED'`,
      values: [orderIds],
    });
    return rows.map((row) => row.order_id);
  }

  /** Order processes that have nothing left to do. */
  async processesDone(): Promise<number> {
    const { rows } = await this.pool.query<{ done: number }>(
      `SELECT count(*)::int AS done FROM process_managers.processes WHERE status = 'DONE'`,
    );
    return rows[0]?.done ?? 0;
  }

  /** Log position of the last event that the read models hold. */
  async projected(): Promise<bigint> {
    const { rows } = await this.pool.query<{ last: string }>(
      'SELECT coalesce(max(position), 0)::text AS last FROM read_v2.audit_log',
    );
    return BigInt(rows[0]?.last ?? 0);
  }

  /** The last position of each transaction that the read models' projection wrote behind that position. */
  async transactionsBehind(position: bigint): Promise<bigint[]> {
    const live = await this.pool.query<{ build: string }>(
      `SELECT build FROM read_models.builds WHERE state = 'live'`,
    );
    const { rows } = await this.pool.query<{ last: string }>(
      // Every event is a row of the audit log, and a row tells which transaction wrote it.
      `SELECT max(position)::text AS last FROM ${live.rows[0]?.build}.audit_log WHERE position > $1
       GROUP BY xmin::text ORDER BY max(position)`,
      [position],
    );
    return rows.map(({ last }) => BigInt(last));
  }

  async stop(): Promise<void> {
    this.commands.close();
    await this.pool.end();
    await this.stage.close();
  }
}

interface Endpoints {
  readonly commands: string;
  readonly queries: string;
}

async function startApplication(stage: Stage): Promise<Endpoints> {
  const { url } = await stage.add({
    name: 'application',
    command: [built('local-stack', 'application/application.main.js')],
    environment: { PORT: await stage.port(), ADMIN_PORT: await stage.port() },
  });
  return { commands: `${url}/graphql`, queries: `${url}/graphql` };
}

async function startSides(stage: Stage): Promise<Endpoints> {
  const side = async (name: string, variable: 'PORT' | 'ADMIN_PORT') => {
    const port = await stage.port();
    await stage.add({
      name,
      command: [built(name, 'main.js')],
      environment: { [variable]: port },
      readyAt: `${LOCAL}:${port}/health/ready`,
    });
    return `${LOCAL}:${port}/graphql`;
  };
  const [commands, queries] = await Promise.all([
    side('command-side', 'PORT'),
    side('query-side', 'PORT'),
    side('process-managers', 'ADMIN_PORT'),
  ]);
  return { commands, queries };
}

import { Pool } from 'pg';
import { GraphqlClient, seedProducts } from './orders-load.js';
import type { Roots } from './process-usage.js';
import { Stage, built } from './stage.js';

export type Topology = 'one process' | 'three processes';

const LOCAL = 'http://127.0.0.1';

const SIDES = { 'command-side': 'PORT', 'query-side': 'PORT', 'process-managers': 'ADMIN_PORT' } as const;
export type Side = keyof typeof SIDES;
export const sides = Object.keys(SIDES) as readonly Side[];

/** The names of a side's processes: `query-side`, `query-side-2`. */
export const instancesOf = (side: Side, each: number): readonly string[] =>
  Array.from({ length: each }, (_, index) => (index === 0 ? side : `${side}-${index + 1}`));

/** The whole system on a stage of its own, in either topology, with products to order. */
export class RunningSystem {
  private constructor(
    readonly stage: Stage,
    /** Takes mutations. */
    readonly commands: GraphqlClient,
    /** The origins of each side's instances: of the one application, where it is that. */
    readonly origins: Readonly<Record<Side, readonly string[]>>,
    private readonly pool: Pool,
  ) {}

  /** @param each so many instances of each side, where a side is a process of its own */
  static async start(topology: Topology, each = 1): Promise<RunningSystem> {
    const stage = await Stage.open();
    try {
      const origins = await (topology === 'one process' ? startApplication(stage) : startSides(stage, each));
      const client = new GraphqlClient(...origins['command-side'].map((origin) => `${origin}/graphql`));
      await seedProducts(client);
      const pool = new Pool({ connectionString: stage.backEnds.DATABASE_URL, max: 1 });
      // When the bench is told to end, the server may go first; whoever then asks something is told so.
      pool.on('error', () => undefined);
      return new RunningSystem(stage, client, origins, pool);
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** Takes subscriptions. */
  get queriesUrl(): string {
    return `${this.origins['query-side'][0]}/graphql`;
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

  /** The same of those that can be seen at all: by order id, their status. */
  async statusesOf(orderIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.pool.query<{ order_id: string; status: string }>({
      name: 'statuses',
      text: 'SELECT order_id, status FROM read_v2.orders WHERE order_id = ANY($1::uuid[])',
      values: [orderIds],
    });
    return new Map(rows.map(({ order_id, status }) => [order_id, status]));
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

type Origins = RunningSystem['origins'];

async function startApplication(stage: Stage): Promise<Origins> {
  const [PORT, ADMIN_PORT] = [await stage.port(), await stage.port()];
  const { url } = await stage.add({
    name: 'application',
    command: [built('local-stack', 'application/application.main.js')],
    environment: { PORT, ADMIN_PORT },
  });
  return { 'command-side': [url], 'query-side': [url], 'process-managers': [`${LOCAL}:${ADMIN_PORT}`] };
}

async function startSides(stage: Stage, each: number): Promise<Origins> {
  const start = async (side: Side, name: string) => {
    const port = await stage.port();
    await stage.add({
      name,
      command: [built(side, 'main.js')],
      environment: { [SIDES[side]]: port },
      readyAt: `${LOCAL}:${port}/health/ready`,
    });
    return `${LOCAL}:${port}`;
  };
  const all = (side: Side) => Promise.all(instancesOf(side, each).map((name) => start(side, name)));
  const [commands, queries, admins] = await Promise.all([
    all('command-side'),
    all('query-side'),
    all('process-managers'),
  ]);
  return { 'command-side': commands, 'query-side': queries, 'process-managers': admins };
}

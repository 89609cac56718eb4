/**
 * Connections to Postgres on which nobody waits for ever. The server ends a statement that takes too long, waits for
 * locks included, and a transaction in which nothing happens: whoever began it may be beyond a link that carries
 * nothing any more, and its locks hold up everybody else. A client whose answer does not come gives the connection up
 * a little later. A goodbye that nobody hears ends by force.
 */
import { Client, type ClientConfig, Pool, type PoolConfig } from 'pg';
import type { LogSink } from './observability.js';
import { settles } from './waiting.js';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly logger: LogSink;
  /** How long one statement may take, and how long a transaction may lie idle. Milliseconds. */
  readonly statementTimeoutMs: number;
  /** How values come out of the driver, where not as it does by itself. */
  readonly types?: NonNullable<ClientConfig['types']>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** So long after the server's own limit the client stops believing in an answer. */
const ANSWER_GRACE_MS = 2_000;
const GOODBYE_MS = 2_000;
/** Of silence, until the kernel asks whether the other end is there; without a figure that is two hours. */
const KEEPALIVE_MS = 10_000;

/** A connection of its own. Whoever asks for it ends it. */
export async function openConnection(options: PostgresOptions): Promise<Client> {
  const client = new BoundedClient(configurationOf(options));
  client.on('error', (error) => options.logger.warn({ err: error }, 'Postgres connection lost'));
  await client.connect();
  return client;
}

/** Its `end` takes four seconds at most: what is in hand has two of them, and fails then. */
export function openPool(options: PostgresOptions & { readonly max: number }): Pool {
  const pool = new BoundedPool({ ...configurationOf(options), max: options.max });
  const lost = (error: Error) => options.logger.warn({ err: error }, 'Postgres connection lost');
  pool.on('error', lost);
  // One that is in use has no listener of the pool's: without this its loss would end the process.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}

class BoundedClient extends Client {
  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | void {
    const late = setTimeout(() => this.connection.stream.destroy(), GOODBYE_MS).unref();
    this.connection.once('end', () => clearTimeout(late));
    return callback ? super.end(callback) : super.end();
  }
}

class BoundedPool extends Pool {
  readonly #connections = new Set<BoundedClient>();

  constructor(config: PoolConfig) {
    super({ ...config, Client: BoundedClient });
    this.on('connect', (client) => client instanceof BoundedClient && this.#connections.add(client));
    this.on('remove', (client) => client instanceof BoundedClient && this.#connections.delete(client));
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    const ended = this.#end(super.end());
    return callback ? void ended.then(callback) : ended;
  }

  /** Connections that somebody holds on to are ended all the same: over a silent link they would not come back. */
  async #end(allReturned: Promise<void>): Promise<void> {
    if (await settles(GOODBYE_MS, allReturned)) return;
    for (const connection of this.#connections) void connection.end();
    await settles(GOODBYE_MS, allReturned);
  }
}

/** The server asks a silent client whether it is there as the client asks the server: nine times, without an answer. */
const sessionSettings = [
  ...['TimeZone=UTC', 'DateStyle=ISO'],
  ...[`tcp_keepalives_idle=${KEEPALIVE_MS / 1_000}`, 'tcp_keepalives_interval=2'],
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

function configurationOf({ url, name, statementTimeoutMs, types }: PostgresOptions): ClientConfig {
  return {
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    options: sessionSettings,
    ...(types ? { types } : {}),
  };
}

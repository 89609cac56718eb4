import { Client } from 'pg';
import { type OrderId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';

const LOCK = 'SELECT pg_advisory_xact_lock(simulated_provider.lock_key($1))';
/** Of an advisory lock on a bigint: its halves, and 1 for that kind of lock. */
const WAITING = `
  SELECT pid FROM pg_locks
  WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
    AND (classid::bigint << 32) | objid::bigint = simulated_provider.lock_key($1)`;

/**
 * Keeps the simulated provider from taking calls for one order's payment, until it is released: the provider takes a
 * payment's calls one at a time, each under a lock, in the order in which they came. So a spec can do what it wants to
 * do while a call is under way. To be released within the provider's deadline of ten seconds.
 */
export class HeldProvider {
  private constructor(
    private readonly databaseUrl: string,
    private readonly orderId: OrderId,
    private holder: Client,
  ) {}

  static async of(databaseUrl: string, orderId: OrderId): Promise<HeldProvider> {
    const holder = await connected(databaseUrl);
    await holder.query('BEGIN');
    await holder.query(LOCK, [paymentIdOf(orderId)]);
    return new HeldProvider(databaseUrl, orderId, holder);
  }

  /** Resolves when a call waits. */
  async called(): Promise<void> {
    await until(async () => (await this.#waiting()).length > 0);
  }

  /** Lets the call that waits take effect, and keeps the ones that come after it. */
  async passOne(): Promise<void> {
    await this.called();
    const before = (await this.#waiting()).length;
    const next = await connected(this.databaseUrl);
    await next.query('BEGIN');
    const held = next.query(LOCK, [paymentIdOf(this.orderId)]);
    await until(async () => (await this.#waiting()).length > before);
    await this.release();
    await held;
    this.holder = next;
  }

  /** Ends the calls that wait: they never take effect. */
  async lose(): Promise<void> {
    await this.holder.query(`SELECT pg_terminate_backend(pid) FROM (${WAITING}) AS waiting`, [
      paymentIdOf(this.orderId),
    ]);
    await until(async () => (await this.#waiting()).length === 0);
  }

  async release(): Promise<void> {
    await this.holder.end();
  }

  async #waiting(): Promise<readonly unknown[]> {
    const { rows } = await this.holder.query<{ pid: number }>(WAITING, [paymentIdOf(this.orderId)]);
    return rows;
  }
}

async function connected(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl });
  // The server may end before it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { PaymentId } from '@orders/shared-events/contracts/ids.js';
import { EUR, orderId } from '@orders/shared-events/testing/examples.js';
import { type Real, type Server, databaseOf } from '@orders/shared-events/testing/servers.js';
import type { ProviderCall } from '../payment/owed-calls.js';
import type { ProviderOutcome } from '../payment/provider.js';
import { SimulatedProvider } from '../payment/simulated-provider.js';

type Operation = ProviderCall['operation'];

/** A webhook that waits to be sent. */
export interface ToBeTold {
  readonly event_id: string;
  readonly key: string;
  readonly outcome: unknown;
  readonly instead: boolean;
  /** In milliseconds, from when it was written. */
  readonly delay: number;
}

export const ofCharge = { authorizationKey: 'charge' };
export const succeeded = { kind: 'succeeded', reference: expect.stringMatching(/^sim_/) };
export const failed = (code: string) => ({ kind: 'failed', code });

/** The simulated provider on books of its own, and one payment after the other that it is called for. */
export class ProviderAtWork {
  paymentId = PaymentId.parse(randomUUID());
  /** How often the provider said that there is something to be told. */
  news = 0;
  readonly onNews = (): void => {
    this.news += 1;
  };
  readonly provider: SimulatedProvider;

  private constructor(
    readonly pool: Pool,
    private readonly database: Server,
  ) {
    this.provider = this.anotherOn(pool);
  }

  static async start(real: Pick<Real, 'DATABASE_URL'>): Promise<ProviderAtWork> {
    const database = await databaseOf(real);
    const pool = new Pool({ connectionString: database.url, max: 10 });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    const atWork = new ProviderAtWork(pool, database);
    await atWork.provider.start();
    return atWork;
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.database.stop();
  }

  anotherOn(pool: Pool): SimulatedProvider {
    return new SimulatedProvider(pool, {
      actionUrl: (token) => Promise.resolve(`https://provider.example/actions/${token}`),
      onNews: this.onNews,
    });
  }

  /** From now on it is about another one. */
  nextPayment(): void {
    this.paymentId = PaymentId.parse(randomUUID());
    this.news = 0;
  }

  call(operation: Operation, paymentMethod: string, change: Partial<ProviderCall> = {}): ProviderCall {
    const attempt = change.attempt ?? 1;
    const ofACharge = operation === 'charge' || change.authorizationKey === ofCharge.authorizationKey;
    const key = [this.paymentId, operation, change.refundId, attempt].filter((part) => part !== undefined);
    return {
      ...{ paymentId: this.paymentId, orderId, amount: 1_000, currency: EUR, paymentMethod, operation },
      ...change,
      attempt,
      key: key.join(':'),
      authorizationKey: `${this.paymentId}:${ofACharge ? 'charge' : 'authorize'}:1`,
    };
  }

  send(operation: Operation, paymentMethod = 'pm_approve', change: Partial<ProviderCall> = {}) {
    return this.provider[operation](this.call(operation, paymentMethod, change));
  }

  /** What came of the first call of that kind. */
  find(operation: Operation): Promise<ProviderOutcome | undefined> {
    return this.provider.find(`${this.paymentId}:${operation}:1`);
  }

  async effects(operation: Operation): Promise<number> {
    const { rows } = await this.pool.query<{ effects: number }>(
      'SELECT coalesce(sum(effects), 0)::int AS effects FROM simulated_provider.ledger WHERE payment_id = $1 AND operation = $2',
      [this.paymentId, operation],
    );
    return rows[0]?.effects ?? 0;
  }

  async toBeTold(): Promise<ToBeTold[]> {
    const { rows } = await this.pool.query<ToBeTold>(
      `SELECT w.event_id, w.key, w.outcome, w.instead,
              round(1000 * extract(epoch FROM w.due_at - l.last_called_at))::int AS delay
       FROM simulated_provider.webhooks w JOIN simulated_provider.ledger l USING (key)
       WHERE l.payment_id = $1 ORDER BY w.seq`,
      [this.paymentId],
    );
    return rows;
  }

  forgetWhatIsToBeTold() {
    return this.pool.query('DELETE FROM simulated_provider.webhooks');
  }

  /** As if the time that this payment's rows give were over by so many seconds. */
  overdue(column: 'action_expires_at' | 'hold_expires_at', seconds: number) {
    return this.pool.query(
      `UPDATE simulated_provider.ledger SET ${column} = now() - $2 * interval '1 s'
       WHERE payment_id = $1 AND ${column} IS NOT NULL`,
      [this.paymentId, seconds],
    );
  }

  endOverdue() {
    return this.pool.query('SELECT simulated_provider.end_overdue(60000)');
  }
}

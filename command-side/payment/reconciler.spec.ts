import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import {
  CommandId,
  EventId,
  OrderId,
  type PaymentId,
  paymentIdOf,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { collected, connectedTo } from '@orders/shared-events/testing/event-stores.js';
import { EUR, origin } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import {
  type Server,
  databaseOf,
  embeddedEventStore,
  serverRows,
} from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { effectsOf } from '../effects.js';
import { Comparison, type Finding } from './comparison.js';
import type { PaymentCommand } from './payment.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import { type ProviderBooks, ProviderUnavailable } from './provider.js';
import { Reconciler, type ReconcilerOptions, type Sweep } from './reconciler.js';
import { ReconciliationBookmark } from './reconciliation-bookmark.js';
import { SimulatedBooks } from './simulated-books.js';
import { SimulatedProvider } from './simulated-provider.js';

const AMOUNT = 1_000;
/** Shorter than a moment, so that nothing is under way; an interval within which nobody has done anything. */
const AT_ONCE = { intervalMs: 0, graceMs: 0, timeoutMs: 5_000 };

// The event store is the suite's own in any case: payments of others are not in these books.
describe.each(serverRows('DATABASE_URL'))(
  'payments beside the books of the provider, on %s',
  (_title, real) => {
    let servers: Pick<Server, 'stop'>[];
    let store: EventStore;
    let pool: Pool;
    let payments: Payments;
    let provider: SimulatedProvider;
    let found: Finding[];
    let listed: PaymentId[];
    let running: Reconciler | undefined;

    beforeAll(async () => {
      const [eventStore, database] = await Promise.all([connectedTo(embeddedEventStore()), databaseOf(real)]);
      servers = [eventStore, database];
      store = eventStore.store;
      pool = new Pool({ connectionString: database.url });
      // pg's pool ends before its sockets do, and then hears of the server's end.
      pool.on('error', () => undefined);
      provider = new SimulatedProvider(pool, {
        actionUrl: () => Promise.resolve('https://provider.example/'),
        onNews: () => undefined,
      });
      await provider.start();
      payments = new Payments(effectsOf(store));
    }, 60_000);
    afterAll(async () => {
      await pool.end();
      await Promise.all(servers.map((server) => server.stop()));
    });
    beforeEach(() => {
      [found, listed] = [[], []];
    });
    afterEach(async () => {
      await running?.stop();
      await pool.query('SELECT simulated_provider.set_outage(NULL, 0)');
    });

    const outage = (kind: string) => pool.query('SELECT simulated_provider.set_outage($1, 60)', [kind]);

    /** The real books, and who was looked up in them. */
    function watched(): ProviderBooks {
      const books = new SimulatedBooks(pool);
      return {
        changes: (...how) => books.changes(...how),
        list: (paymentIds) => {
          listed.push(...paymentIds);
          return books.list(paymentIds);
        },
      };
    }
    const comparisonWith = (settings: typeof AT_ONCE, books = watched()) =>
      new Comparison({
        ...{ books, payments, log: store, settings, logger: silent },
        found: (finding) => found.push(finding),
      });
    function reconciler(
      settings: Partial<typeof AT_ONCE> = {},
      parts: Partial<ReconcilerOptions> = {},
    ): Reconciler {
      const all = { ...AT_ONCE, ...settings };
      const books = watched();
      const comparison = comparisonWith(all, books);
      return new Reconciler({
        ...{ books, comparison, log: store, bookmark: new ReconciliationBookmark(store) },
        ...{ settings: all, steadyMs: () => Infinity, swept: () => undefined, logger: silent },
        ...parts,
      });
    }
    const sweep = (settings: Partial<typeof AT_ONCE> = {}): Promise<Sweep> => reconciler(settings).sweep();

    interface Ids {
      readonly orderId: OrderId;
      readonly paymentId: PaymentId;
    }
    const someIds = (): Ids => {
      const orderId = OrderId.parse(randomUUID());
      return { orderId, paymentId: paymentIdOf(orderId) };
    };
    async function execute(ids: Ids, command: PaymentCommand, by = payments): Promise<void> {
      const commandId = CommandId.parse(randomUUID());
      const outcome = await by.execute({
        commandId,
        stream: paymentStream(ids.paymentId),
        command,
        origin,
      });
      if (outcome.outcome === 'refused') throw new Error(outcome.refusal.code);
      await new ProviderCalls(provider, by).settle(outcome.state, origin, outcome.events);
    }
    async function payment(captureMethod: 'AUTOMATIC' | 'MANUAL'): Promise<Ids> {
      const ids = someIds();
      const data = { ...ids, amount: AMOUNT, currency: EUR, paymentMethod: 'pm_approve', captureMethod };
      await execute(ids, { type: 'AuthorizePayment', data });
      return ids;
    }
    /** By hand, behind everybody's back. */
    async function write(
      { orderId, paymentId }: Ids,
      operation: string,
      outcome = 'succeeded',
      key?: string,
    ) {
      await pool.query(
        `INSERT INTO simulated_provider.ledger (
         key, payment_id, order_id, operation, amount, currency, payment_method, outcome, reference, effects, calls)
       VALUES ($1, $2, $3, $4, $5, 'EUR', 'pm_approve', $6, 'by-hand', 1, 1)`,
        [key ?? `${paymentId}:${operation}:1`, paymentId, orderId, operation, AMOUNT, outcome],
      );
    }
    async function events({ paymentId }: Ids): Promise<{ type: string; data: unknown }[]> {
      const all = await collected(store.readStream(paymentStream(paymentId)));
      return all.map(({ type, data }) => ({ type, data }));
    }
    async function lastMetadata({ paymentId }: Ids): Promise<unknown> {
      for await (const { metadata } of store.readStreamBackwards(paymentStream(paymentId), 1))
        return metadata;
      return undefined;
    }
    const types = async (ids: Ids) => (await events(ids)).map(({ type }) => type);
    const detected = 'PaymentDiscrepancyDetected' satisfies PaymentEvent['type'];

    it('agree, and nothing comes of it', async () => {
      const [charged, authorized] = [await payment('AUTOMATIC'), await payment('MANUAL')];
      await execute(authorized, { type: 'CapturePayment', data: { ...authorized, attempt: 1 } });
      expect(await sweep()).toBe('done');
      expect(listed).toEqual(expect.arrayContaining([charged.paymentId, authorized.paymentId]));
      expect(await types(charged)).toEqual(['PaymentRequested', 'PaymentCaptured']);
      expect(found).toEqual([]);
    });

    it('are looked at once: what did not change since costs nothing', async () => {
      const before = await payment('AUTOMATIC');
      await sweep();
      listed = [];
      const after = await payment('AUTOMATIC');
      await sweep();
      expect(listed).toEqual([after.paymentId]);
      expect(listed).not.toContain(before.paymentId);
    });

    it('lack a capture that the provider made: it is told and recorded', async () => {
      const ids = await payment('MANUAL');
      await sweep();
      await write(ids, 'capture');
      await sweep();
      expect(await types(ids)).toEqual([
        'PaymentRequested',
        'PaymentAuthorized',
        detected,
        'PaymentCaptured',
      ]);
      expect((await events(ids))[2]?.data).toEqual({
        ...ids,
        ...{ kind: 'NOT_RECORDED', operation: 'capture', attempt: 1, repaired: true },
        ...{ recorded: 'authorized', provider: '1000 EUR' },
      });
      expect(found).toEqual([{ kind: 'NOT_RECORDED', repaired: true }]);
      expect(await lastMetadata(ids)).toMatchObject({
        $correlationId: origin.correlationId,
        actor: { kind: 'system', subject: 'payment-reconciliation' },
      });
    });

    it('have a charge that the provider has not: it is told, once, and left', async () => {
      const ids = await payment('AUTOMATIC');
      await pool.query('DELETE FROM simulated_provider.ledger WHERE payment_id = $1', [ids.paymentId]);
      await sweep();
      await execute(ids, { type: 'RefundPayment', data: { ...ids, refundId: 'a', amount: 1, attempt: 1 } });
      await sweep();
      expect((await types(ids)).filter((type) => type === detected)).toHaveLength(1);
      expect((await events(ids))[2]?.data).toMatchObject({ kind: 'NOT_AT_PROVIDER', repaired: false });
    });

    it('differ in the amount: it is told and left', async () => {
      const ids = await payment('AUTOMATIC');
      await sweep();
      await pool.query('UPDATE simulated_provider.ledger SET amount = 999 WHERE payment_id = $1', [
        ids.paymentId,
      ]);
      await sweep();
      expect(await types(ids)).toEqual(['PaymentRequested', 'PaymentCaptured', detected]);
      expect((await events(ids))[2]?.data).toMatchObject({
        ...{ kind: 'AMOUNT_DIFFERS', recorded: '1000 EUR', provider: '999 EUR', repaired: false },
      });
    });

    it('have a charge once that the provider has a second time, made by hand', async () => {
      const ids = await payment('AUTOMATIC');
      await write(ids, 'charge', 'succeeded', `by hand: ${ids.paymentId}`);
      await sweep();
      expect((await events(ids))[2]?.data).toMatchObject({
        kind: 'AMOUNT_DIFFERS',
        provider: '1000 EUR and 1000 EUR',
      });
    });

    it('know nothing of a charge for a payment that nobody asked for: it is told once, as if it were notified', async () => {
      const ids = someIds();
      await write(ids, 'charge');
      await sweep();
      await pool.query('UPDATE simulated_provider.ledger SET amount = 999 WHERE payment_id = $1', [
        ids.paymentId,
      ]);
      await sweep();
      expect(await events(ids)).toEqual([
        {
          type: 'ProviderNotificationUnmatched',
          data: {
            ...{ ...ids, operation: 'charge', attempt: 1, outcome: 'succeeded' },
            notificationId: 'reconciliation:charge:1',
          },
        },
      ]);
      expect(found).toEqual([{ kind: 'UNMATCHED', repaired: false }]);
    });

    it('are not judged by what changed within the grace period, and are after it', async () => {
      const ids = await payment('MANUAL');
      await sweep();
      await write(ids, 'capture');
      await sweep({ graceMs: 60_000 });
      expect(await types(ids)).toEqual(['PaymentRequested', 'PaymentAuthorized']);
      await sweep();
      expect(await types(ids)).toContain('PaymentCaptured');
    });

    it('are under way while something of them changed within it, whatever brought them up', async () => {
      const ids = await payment('MANUAL');
      await write(ids, 'capture');
      const one = [new Set([ids.paymentId]), new Map()] as const;
      await comparisonWith({ ...AT_ONCE, graceMs: 60_000 }).compare(...one);
      expect(found).toEqual([]);
      await comparisonWith(AT_ONCE).compare(...one);
      expect(found).toHaveLength(1);
    });

    it('are not looked at for what was recorded within the grace period, and are after it', async () => {
      await sweep();
      listed = [];
      const ids = await payment('AUTOMATIC');
      await sweep({ graceMs: 60_000 });
      expect(listed).toEqual([]);
      await sweep();
      expect(listed).toEqual([ids.paymentId]);
    });

    it('are read again where another instance has gone on with them', async () => {
      const ids = await payment('AUTOMATIC');
      await sweep();
      const other = new Payments(effectsOf(store));
      const refund = { ...ids, refundId: 'a', amount: 1, attempt: 1 };
      await execute(ids, { type: 'RefundPayment', data: refund }, other);
      await pool.query(
        `DELETE FROM simulated_provider.ledger WHERE payment_id = $1 AND operation = 'refund'`,
        [ids.paymentId],
      );
      await sweep();
      expect((await events(ids)).at(-1)?.data).toMatchObject({
        kind: 'NOT_AT_PROVIDER',
        operation: 'refund',
      });
    });

    it('tell a difference once, however many look at the same time', async () => {
      const ids = await payment('MANUAL');
      await write(ids, 'capture');
      await Promise.all([sweep(), sweep(), sweep()]);
      expect(await types(ids)).toEqual([
        'PaymentRequested',
        'PaymentAuthorized',
        detected,
        'PaymentCaptured',
      ]);
    });

    it('are left out by whoever finds that another has just looked', async () => {
      await sweep();
      expect(await sweep({ intervalMs: 3_600_000 })).toBe('left-out');
    });

    it.each([
      ['UNREACHABLE', ProviderUnavailable],
      ['SILENT', 'no answer within 50 ms'],
    ])('wait while the provider is away (%s), and nothing is skipped', async (kind, error) => {
      const ids = await payment('MANUAL');
      await write(ids, 'capture');
      await outage(kind);
      await expect(sweep({ timeoutMs: 50 })).rejects.toThrow(error);
      await pool.query('SELECT simulated_provider.set_outage(NULL, 0)');
      await sweep();
      expect(await types(ids)).toContain('PaymentCaptured');
    });

    it('wait where the provider falls silent between two looks at one payment, and nothing is skipped', async () => {
      const ids = await payment('MANUAL');
      await write(ids, 'capture');
      const books = watched();
      let looks = 0;
      const silent = () => new Promise<never>(() => undefined);
      const falling = { ...books, list: (ids: PaymentId[]) => (looks++ === 0 ? books.list(ids) : silent()) };
      const comparison = comparisonWith({ ...AT_ONCE, timeoutMs: 50 }, falling);
      await expect(reconciler({}, { comparison }).sweep()).rejects.toThrow('no answer within 50 ms');
      await sweep();
      expect(await types(ids)).toContain('PaymentCaptured');
    });

    it('are looked at once the provider has been there for the grace period, and again and again', async () => {
      let [steadyMs, asked, swept] = [0, 0, 0];
      const settings = { intervalMs: 1, graceMs: 20, timeoutMs: 5_000 };
      running = reconciler(settings, {
        steadyMs: () => (asked++, steadyMs),
        swept: () => swept++,
      });
      running.start();
      await until(() => asked > 3);
      expect(swept).toBe(0);
      steadyMs = 20;
      await until(() => swept > 2);
    });

    it('go on past a payment that cannot be read', async () => {
      const broken = someIds();
      const metadata = {
        ...{
          $correlationId: 'c',
          $causationId: 'c',
          commandId: CommandId.parse(randomUUID()),
          actor: origin.actor,
        },
        ...{ occurredAt: new Date().toISOString(), schemaVersion: 99 },
      };
      const event = { id: EventId.parse(randomUUID()), type: 'PaymentRequested', data: {}, metadata };
      await store.append(paymentStream(broken.paymentId), 'no_stream', [event]);
      const ids = await payment('MANUAL');
      await write(ids, 'capture');
      expect(await sweep()).toBe('done');
      expect(await types(ids)).toContain('PaymentCaptured');
    });

    it('are read page by page, each entry once', async () => {
      await sweep();
      listed = [];
      await pool.query(`
      INSERT INTO simulated_provider.ledger (
        key, payment_id, order_id, operation, amount, currency, payment_method, outcome, code, effects, calls)
      SELECT id || ':charge:1', id, id, 'charge', 1, 'EUR', 'pm_decline', 'failed', 'card_declined', 0, 1
      FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 1200)) AS ids`);
      expect(await sweep()).toBe('done');
      expect(listed).toHaveLength(1_200);
      expect(new Set(listed).size).toBe(1_200);
      await sweep();
      expect(listed).toHaveLength(1_200);
    });
  },
);

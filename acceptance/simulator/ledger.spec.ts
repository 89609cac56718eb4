import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash, randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import type { ProviderCall } from '@orders/command-side/payment/owed-calls.js';
import type { ProviderEntry } from '@orders/command-side/payment/provider.js';
import { SimulatedBooks } from '@orders/command-side/payment/simulated-books.js';
import { SimulatedProvider } from '@orders/command-side/payment/simulated-provider.js';
import { OrderId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { Currency } from '@orders/shared-events/contracts/money.js';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { Books } from './books.js';
import { type Intended, Ledger, type LedgerEntry } from './ledger.js';

type Deed =
  | {
      readonly kind: 'call';
      readonly operation: ProviderOperation;
      readonly attempt: number;
      readonly intended: Intended;
    }
  | { readonly kind: 'act'; readonly isApproved: boolean }
  | { readonly kind: 'expire' };

/** What both tell of a row. */
interface Told {
  readonly outcome: string;
  readonly code: string | null;
  readonly reference: string | null;
  readonly calls: number;
}

const intended: fc.Arbitrary<Intended> = fc.constantFrom<Intended>(
  { outcome: 'succeeded' },
  { outcome: 'succeeded' },
  { outcome: 'failed', code: 'processing_error' },
  { outcome: 'lost' },
  { outcome: 'action_required' },
);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      operation: fc.constantFrom<ProviderOperation>('authorize', 'capture', 'void', 'refund'),
      attempt: fc.integer({ min: 1, max: 2 }),
      intended,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('act' as const), isApproved: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'expire' as const }) },
);

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  beforeAll(async () => {
    server = await databaseOf(real);
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    await new SimulatedProvider(pool, {
      actionUrl: () => Promise.resolve(''),
      onNews: () => undefined,
    }).start();
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  /** The books in Postgres, which have the rules. */
  class RealLedger {
    async call(call: ProviderCall, { outcome, code }: Intended): Promise<Told> {
      const held = call.operation === 'authorize' ? { holdMs: 3_600_000 } : {};
      const plan = { outcome, code, actionMs: 3_600_000, ...held };
      const { rows } = await pool.query<Told>(
        `SELECT outcome, code, reference, calls FROM simulated_provider.call($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          ...[call.key, call.authorizationKey, call.paymentId, call.orderId, call.operation, call.amount],
          ...[call.currency, call.paymentMethod, JSON.stringify(plan)],
        ],
      );
      return rows[0]!;
    }

    async act(key: string, isApproved: boolean): Promise<void> {
      await pool.query(
        `SELECT simulated_provider.decide(action_token, $2) FROM simulated_provider.ledger
         WHERE key = $1 AND action_token IS NOT NULL`,
        [key, isApproved],
      );
    }

    /** As when the time of what is still held is over: what waits for the customer holds nothing yet. */
    async expire(key: string): Promise<void> {
      await pool.query(
        `UPDATE simulated_provider.ledger SET hold_expires_at = now() - interval '1 s'
         WHERE key = $1 AND outcome = 'succeeded' AND hold_expires_at IS NOT NULL`,
        [key],
      );
      await pool.query('SELECT simulated_provider.end_hold($1)', [key]);
    }

    async all(paymentId: string): Promise<(Told & { readonly key: string })[]> {
      const { rows } = await pool.query<Told & { key: string }>(
        `SELECT key, outcome, code, reference, calls FROM simulated_provider.ledger
         WHERE payment_id = $1 ORDER BY key COLLATE "C"`,
        [paymentId],
      );
      return rows;
    }
  }

  it('the ledger keeps the rules of the provider’s books, and tells of them what they tell', async () => {
    const books = new RealLedger();
    const real = new SimulatedBooks(pool);
    let deedsDone = 0;
    const now = () => deedsDone;
    let there: string | undefined;
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(deed, { maxLength: 12 }), async (isCharged, deeds) => {
        const orderId = OrderId.parse(randomUUID());
        const paymentId = paymentIdOf(orderId);
        const ledger = new Ledger(now, () => undefined);
        const simulated = new Books(ledger, now);
        const asking = isCharged ? 'charge' : 'authorize';
        const authorizationKey = `${paymentId}:${asking}:1`;
        // What other cases left behind.
        there = (await real.changes(there, 0, 1_000))?.cursor ?? there;
        let here: string | undefined;
        for (const one of deeds) {
          deedsDone += 1;
          if (one.kind === 'act') {
            await books.act(authorizationKey, one.isApproved);
            ledger.act(authorizationKey, one.isApproved ? { outcome: 'succeeded' } : refused);
          } else if (one.kind === 'expire') {
            await books.expire(authorizationKey);
            ledger.expire(authorizationKey);
          } else {
            const operation = one.operation === 'authorize' ? asking : one.operation;
            const call: ProviderCall = {
              ...{ paymentId, orderId, authorizationKey, currency, paymentMethod: 'pm_approve' },
              ...{ operation, attempt: one.attempt, amount: 500 },
              key: [paymentId, operation, ...(operation === 'refund' ? ['some'] : []), one.attempt].join(':'),
            };
            const canWait = one.operation === 'authorize' || one.intended.outcome !== 'action_required';
            const plan: Intended = canWait ? one.intended : { outcome: 'succeeded' };
            expect(told(ledger.call(call, plan))).toEqual(await books.call(call, plan));
          }
          const kept = ledger.of(paymentId).map((entry) => ({ key: entry.call.key, ...told(entry) }));
          expect(kept.sort((one, other) => (one.key < other.key ? -1 : 1))).toEqual(
            await books.all(paymentId),
          );
          const [changed, really] = [simulated.changes(here, 0, 50), await real.changes(there, 0, 50)];
          expect(changed && bare(changed.entries, hashed)).toEqual(really && bare(really.entries));
          [here, there] = [changed?.cursor ?? here, really?.cursor ?? there];
        }
        const listed = bare(await real.list([paymentId]));
        expect(bare(simulated.list([paymentId]), hashed)).toEqual(expect.arrayContaining(listed));
        expect(simulated.list([paymentId])).toHaveLength(listed.length);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

const currency = Currency.parse('EUR');
const refused: Intended = { outcome: 'failed', code: 'authentication_failed' };
/** The references of the one are the keys, those of the other their hashes. */
const hashed = (reference: string): string => `sim_${hash(reference.slice('sim_'.length))}`;
const told = ({ outcome, code, reference, calls }: LedgerEntry): Told => ({
  ...{ outcome, code: code ?? null, calls },
  reference: reference === undefined ? null : hashed(reference),
});
const hash = (text: string): string => createHash('md5').update(text).digest('hex').slice(0, 24);
/** Without ages. */
const bare = (entries: readonly ProviderEntry[], named = (reference: string) => reference) =>
  entries.map(({ ageMs: _age, outcome, ...entry }) => ({
    ...entry,
    outcome: 'reference' in outcome ? { ...outcome, reference: named(outcome.reference) } : outcome,
  }));

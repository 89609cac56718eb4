import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { PaymentId } from '@orders/shared-events/contracts/ids.js';
import { EUR, orderId } from '@orders/shared-events/testing/examples.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import type { ProviderCall } from './owed-calls.js';
import { ProviderUnavailable } from './provider.js';
import { SimulatedProvider } from './simulated-provider.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  let provider: SimulatedProvider;
  let paymentId: PaymentId;

  beforeAll(async () => {
    server = await databaseOf(real);
    pool = new Pool({ connectionString: server.url, max: 10 });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    provider = new SimulatedProvider(pool);
    await provider.start();
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  beforeEach(() => {
    paymentId = PaymentId.parse(randomUUID());
  });

  type Operation = ProviderCall['operation'];
  const call = (
    operation: Operation,
    paymentMethod: string,
    change: Partial<ProviderCall> = {},
  ): ProviderCall => {
    const attempt = change.attempt ?? 1;
    const authorization =
      operation === 'charge' || change.authorizationKey === 'charge' ? 'charge' : 'authorize';
    return {
      paymentId,
      orderId,
      amount: 1_000,
      currency: EUR,
      paymentMethod,
      operation,
      ...change,
      attempt,
      key: [paymentId, operation, change.refundId, attempt].filter((part) => part !== undefined).join(':'),
      authorizationKey: `${paymentId}:${authorization}:1`,
    };
  };
  const send = (operation: Operation, paymentMethod = 'pm_approve', change: Partial<ProviderCall> = {}) =>
    provider[operation](call(operation, paymentMethod, change));
  const ofCharge = { authorizationKey: 'charge' };
  const succeeded = { kind: 'succeeded', reference: expect.stringMatching(/^sim_/) };
  const failed = (code: string) => ({ kind: 'failed', code });
  async function effects(operation: string): Promise<number> {
    const { rows } = await pool.query<{ effects: number }>(
      'SELECT coalesce(sum(effects), 0)::int AS effects FROM simulated_provider.ledger WHERE payment_id = $1 AND operation = $2',
      [paymentId, operation],
    );
    return rows[0]?.effects ?? 0;
  }

  describe('the simulated provider', () => {
    it('creates its schema once, however many start at once', async () => {
      await pool.query('DROP SCHEMA simulated_provider CASCADE');
      await Promise.all(Array.from({ length: 5 }, () => new SimulatedProvider(pool).start()));
      expect(await send('charge')).toEqual(succeeded);
    });

    it('takes effect once for a key, and answers the same ever after', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => send('charge')));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(await effects('charge')).toBe(1);
    });

    it('counts two charges of one payment as two', async () => {
      await send('charge');
      await send('charge', 'pm_approve', { attempt: 2 });
      expect(await effects('charge')).toBe(2);
    });

    it('captures what was authorised, once', async () => {
      expect(await send('capture')).toEqual(failed('not_authorized'));
      await send('authorize');
      expect(await send('capture', 'pm_approve', { attempt: 2 })).toEqual(succeeded);
      expect(await send('capture', 'pm_approve', { attempt: 3 })).toEqual(failed('already_captured'));
    });

    it('refunds no more than was taken', async () => {
      await send('charge');
      expect(await send('refund', 'pm_approve', { ...ofCharge, refundId: 'a', amount: 600 })).toEqual(
        succeeded,
      );
      expect(await send('refund', 'pm_approve', { ...ofCharge, refundId: 'b', amount: 401 })).toEqual(
        failed('refund_exceeds_captured'),
      );
      expect(await send('refund', 'pm_approve', { ...ofCharge, refundId: 'c', amount: 400 })).toEqual(
        succeeded,
      );
    });

    it('declines what is to be declined, and what it does not know', async () => {
      expect(await send('charge', 'pm_decline')).toEqual(failed('card_declined'));
      expect(await send('authorize', 'pm_nobody')).toEqual(failed('unknown_payment_method'));
      expect(await send('charge', 'pm_toString', { attempt: 2 })).toEqual(failed('unknown_payment_method'));
      expect(await effects('charge')).toBe(0);
    });

    it('answers slowly, having taken effect once', async () => {
      const [slow, again] = [send('charge', 'pm_slow'), send('charge', 'pm_slow')];
      expect(await Promise.all([slow, again])).toEqual([succeeded, succeeded]);
      expect(await effects('charge')).toBe(1);
    });

    it.each(['capture', 'void', 'refund'] as const)('fails a %s once, or always', async (operation) => {
      const begin = operation === 'refund' ? ('charge' as const) : ('authorize' as const);
      const change = { ...(operation === 'refund' ? { ...ofCharge, refundId: 'a' } : {}) };
      await send(begin, `pm_fail_${operation}_once`);
      expect(await send(operation, `pm_fail_${operation}_once`, change)).toEqual(failed('processing_error'));
      expect(await send(operation, `pm_fail_${operation}_once`, { ...change, attempt: 2 })).toEqual(
        succeeded,
      );
      paymentId = PaymentId.parse(randomUUID());
      await send(begin, `pm_fail_${operation}`);
      expect(await send(operation, `pm_fail_${operation}`, { ...change, attempt: 2 })).toEqual(
        failed('processing_error'),
      );
    });
  });

  describe('a timeout', () => {
    it('with effect: the answer does not come, and the key tells the outcome', async () => {
      expect(await send('charge', 'pm_timeout_with_effect')).toEqual({ kind: 'unknown' });
      expect(await provider.find(`${paymentId}:charge:1`)).toEqual(succeeded);
      expect(await send('charge', 'pm_timeout_with_effect')).toEqual(succeeded);
      expect(await effects('charge')).toBe(1);
    });

    it('without effect: nobody knows the key, and the next call under it takes effect', async () => {
      expect(await send('charge', 'pm_timeout_without_effect')).toEqual({ kind: 'unknown' });
      expect(await provider.find(`${paymentId}:charge:1`)).toBeUndefined();
      expect(await effects('charge')).toBe(0);
      expect(await send('charge', 'pm_timeout_without_effect')).toEqual(succeeded);
      expect(await effects('charge')).toBe(1);
    });

    it.each(['capture', 'void', 'refund'] as const)('happens to a %s as well', async (operation) => {
      const begin = operation === 'refund' ? ('charge' as const) : ('authorize' as const);
      const change = { ...(operation === 'refund' ? { ...ofCharge, refundId: 'a' } : {}) };
      for (const effect of ['with', 'without']) {
        paymentId = PaymentId.parse(randomUUID());
        const token = `pm_timeout_${operation}_${effect}_effect`;
        await send(begin, token);
        expect(await send(operation, token, change)).toEqual({ kind: 'unknown' });
        expect(await send(operation, token, change)).toEqual(succeeded);
        expect(await effects(operation)).toBe(1);
      }
    });
  });

  describe('a void', () => {
    it('ends an authorisation', async () => {
      await send('authorize');
      expect(await send('void')).toEqual(succeeded);
      expect(await send('capture')).toEqual(failed('authorization_voided'));
    });

    it.each(['authorize', 'charge'] as const)(
      'closes the key of an %s that has not arrived',
      async (begin) => {
        const change = begin === 'charge' ? ofCharge : {};
        expect(await send('void', 'pm_approve', change)).toEqual(succeeded);
        expect(await send(begin)).toEqual(failed('authorization_voided'));
        expect(await effects(begin)).toBe(0);
      },
    );

    it('closes the key of a call that was lost', async () => {
      await send('charge', 'pm_timeout_without_effect');
      expect(await send('void', 'pm_timeout_without_effect', ofCharge)).toEqual(succeeded);
      expect(await send('charge', 'pm_timeout_without_effect')).toEqual(failed('authorization_voided'));
    });

    it('comes too late for a charge that took effect, and tells its reference', async () => {
      const charge = await send('charge', 'pm_timeout_with_effect');
      expect(charge).toEqual({ kind: 'unknown' });
      const found = await provider.find(`${paymentId}:charge:1`);
      const tooLate = {
        kind: 'already-captured',
        reference: found && 'reference' in found ? found.reference : '',
      };
      expect(await send('void', 'pm_timeout_with_effect', ofCharge)).toEqual(tooLate);
      expect(await provider.find(`${paymentId}:void:1`)).toEqual(tooLate);
    });

    it('and a charge at the same time: one of them wins', async () => {
      for (let round = 0; round < 20; round++) {
        paymentId = PaymentId.parse(randomUUID());
        const [charge, voided] = await Promise.all([send('charge'), send('void', 'pm_approve', ofCharge)]);
        const kinds = [charge.kind, voided.kind];
        expect([
          ['succeeded', 'already-captured'],
          ['failed', 'succeeded'],
        ]).toContainEqual(kinds);
      }
    });
  });

  describe('books that cannot be reached', () => {
    it('are an outage, not an answer', async () => {
      const nowhere = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
      const lost = new SimulatedProvider(nowhere);
      await expect(lost.charge(call('charge', 'pm_approve'))).rejects.toThrow(ProviderUnavailable);
      await expect(lost.find('key')).rejects.toThrow(ProviderUnavailable);
      await nowhere.end();
    });
  });
});

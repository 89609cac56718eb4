import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { ProviderAtWork, failed, ofCharge, succeeded } from '../testing/provider-at-work.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let atWork: ProviderAtWork;
  beforeAll(async () => {
    atWork = await ProviderAtWork.start(real);
  });
  afterAll(() => atWork.stop());
  beforeEach(() => atWork.nextPayment());

  describe('the simulated provider', () => {
    it('creates its schema once, however many start at once', async () => {
      await atWork.pool.query('DROP SCHEMA simulated_provider CASCADE');
      await Promise.all(Array.from({ length: 5 }, () => atWork.anotherOn(atWork.pool).start()));
      expect(await atWork.send('charge')).toEqual(succeeded);
    });

    it('takes effect once for a key, and answers the same ever after', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => atWork.send('charge')));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(await atWork.effects('charge')).toBe(1);
    });

    it('counts two charges of one payment as two', async () => {
      await atWork.send('charge');
      await atWork.send('charge', 'pm_approve', { attempt: 2 });
      expect(await atWork.effects('charge')).toBe(2);
    });

    it('captures what was authorised, once', async () => {
      expect(await atWork.send('capture')).toEqual(failed('not_authorized'));
      await atWork.send('authorize');
      expect(await atWork.send('capture', 'pm_approve', { attempt: 2 })).toEqual(succeeded);
      expect(await atWork.send('capture', 'pm_approve', { attempt: 3 })).toEqual(failed('already_captured'));
    });

    it('refunds no more than was taken', async () => {
      await atWork.send('charge');
      expect(await atWork.send('refund', 'pm_approve', { ...ofCharge, refundId: 'a', amount: 600 })).toEqual(
        succeeded,
      );
      expect(await atWork.send('refund', 'pm_approve', { ...ofCharge, refundId: 'b', amount: 401 })).toEqual(
        failed('refund_exceeds_captured'),
      );
      expect(await atWork.send('refund', 'pm_approve', { ...ofCharge, refundId: 'c', amount: 400 })).toEqual(
        succeeded,
      );
    });

    it('declines what is to be declined, and what it does not know', async () => {
      expect(await atWork.send('charge', 'pm_decline')).toEqual(failed('card_declined'));
      expect(await atWork.send('authorize', 'pm_nobody')).toEqual(failed('unknown_payment_method'));
      expect(await atWork.send('charge', 'pm_toString', { attempt: 2 })).toEqual(
        failed('unknown_payment_method'),
      );
      expect(await atWork.effects('charge')).toBe(0);
    });

    it('answers slowly, having taken effect once', async () => {
      const [slow, again] = [atWork.send('charge', 'pm_slow'), atWork.send('charge', 'pm_slow')];
      expect(await Promise.all([slow, again])).toEqual([succeeded, succeeded]);
      expect(await atWork.effects('charge')).toBe(1);
    });

    it.each(['capture', 'void', 'refund'] as const)('fails a %s once, or always', async (operation) => {
      const begin = operation === 'refund' ? ('charge' as const) : ('authorize' as const);
      const change = { ...(operation === 'refund' ? { ...ofCharge, refundId: 'a' } : {}) };
      await atWork.send(begin, `pm_fail_${operation}_once`);
      expect(await atWork.send(operation, `pm_fail_${operation}_once`, change)).toEqual(
        failed('processing_error'),
      );
      expect(await atWork.send(operation, `pm_fail_${operation}_once`, { ...change, attempt: 2 })).toEqual(
        succeeded,
      );
      atWork.nextPayment();
      await atWork.send(begin, `pm_fail_${operation}`);
      expect(await atWork.send(operation, `pm_fail_${operation}`, { ...change, attempt: 2 })).toEqual(
        failed('processing_error'),
      );
    });
  });

  describe('a timeout', () => {
    it('with effect: the answer does not come, and the key tells the outcome', async () => {
      expect(await atWork.send('charge', 'pm_timeout_with_effect')).toEqual({ kind: 'unknown' });
      expect(await atWork.find('charge')).toEqual(succeeded);
      expect(await atWork.send('charge', 'pm_timeout_with_effect')).toEqual(succeeded);
      expect(await atWork.effects('charge')).toBe(1);
    });

    it('without effect: nobody knows the key, and the next call under it takes effect', async () => {
      expect(await atWork.send('charge', 'pm_timeout_without_effect')).toEqual({ kind: 'unknown' });
      expect(await atWork.find('charge')).toBeUndefined();
      expect(await atWork.effects('charge')).toBe(0);
      expect(await atWork.send('charge', 'pm_timeout_without_effect')).toEqual(succeeded);
      expect(await atWork.effects('charge')).toBe(1);
    });

    it.each(['capture', 'void', 'refund'] as const)('happens to a %s as well', async (operation) => {
      const begin = operation === 'refund' ? ('charge' as const) : ('authorize' as const);
      const change = { ...(operation === 'refund' ? { ...ofCharge, refundId: 'a' } : {}) };
      for (const effect of ['with', 'without']) {
        atWork.nextPayment();
        const token = `pm_timeout_${operation}_${effect}_effect`;
        await atWork.send(begin, token);
        expect(await atWork.send(operation, token, change)).toEqual({ kind: 'unknown' });
        expect(await atWork.send(operation, token, change)).toEqual(succeeded);
        expect(await atWork.effects(operation)).toBe(1);
      }
    });
  });

  describe('a void', () => {
    it('ends an authorisation', async () => {
      await atWork.send('authorize');
      expect(await atWork.send('void')).toEqual(succeeded);
      expect(await atWork.send('capture')).toEqual(failed('authorization_voided'));
    });

    it.each(['authorize', 'charge'] as const)(
      'closes the key of an %s that has not arrived',
      async (begin) => {
        const change = begin === 'charge' ? ofCharge : {};
        expect(await atWork.send('void', 'pm_approve', change)).toEqual(succeeded);
        expect(await atWork.send(begin)).toEqual(failed('authorization_voided'));
        expect(await atWork.effects(begin)).toBe(0);
      },
    );

    it('closes the key of a call that was lost', async () => {
      await atWork.send('charge', 'pm_timeout_without_effect');
      expect(await atWork.send('void', 'pm_timeout_without_effect', ofCharge)).toEqual(succeeded);
      expect(await atWork.send('charge', 'pm_timeout_without_effect')).toEqual(
        failed('authorization_voided'),
      );
    });

    it('comes too late for a charge that took effect, and tells its reference', async () => {
      const charge = await atWork.send('charge', 'pm_timeout_with_effect');
      expect(charge).toEqual({ kind: 'unknown' });
      const found = await atWork.find('charge');
      const tooLate = {
        kind: 'already-captured',
        reference: found && 'reference' in found ? found.reference : '',
      };
      expect(await atWork.send('void', 'pm_timeout_with_effect', ofCharge)).toEqual(tooLate);
      expect(await atWork.find('void')).toEqual(tooLate);
    });

    it('and a charge at the same time: one of them wins', async () => {
      for (let round = 0; round < 20; round++) {
        atWork.nextPayment();
        const [charge, voided] = await Promise.all([
          atWork.send('charge'),
          atWork.send('void', 'pm_approve', ofCharge),
        ]);
        const kinds = [charge.kind, voided.kind];
        expect([
          ['succeeded', 'already-captured'],
          ['failed', 'succeeded'],
        ]).toContainEqual(kinds);
      }
    });
  });
});

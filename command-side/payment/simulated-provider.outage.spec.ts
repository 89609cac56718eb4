import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { orderId } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { ProviderAtWork, succeeded } from '../testing/provider-at-work.js';
import { GuardedProvider } from './guarded-provider.js';
import { ProviderUnavailable } from './provider.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let atWork: ProviderAtWork;
  beforeAll(async () => {
    atWork = await ProviderAtWork.start(real);
  });
  afterAll(() => atWork.stop());
  beforeEach(() => atWork.nextPayment());

  describe('an outage', () => {
    const outage = (kind: string | null, seconds: number) =>
      atWork.pool.query('SELECT simulated_provider.set_outage($1, $2)', [kind, seconds]);
    afterEach(() => outage(null, 0));

    it('refuses every call, and none takes effect', async () => {
      await outage('UNREACHABLE', 60);
      await expect(atWork.send('charge')).rejects.toThrow(ProviderUnavailable);
      await expect(atWork.find('charge')).rejects.toThrow(ProviderUnavailable);
      await outage(null, 0);
      expect(await atWork.effects('charge')).toBe(0);
      expect(await atWork.send('charge')).toEqual(succeeded);
    });

    it('in silence answers nothing at all', async () => {
      await outage('SILENT', 60);
      const guard = new GuardedProvider(atWork.provider, {
        ...{ timeoutMs: 50, window: 20, failurePercent: 50, halfOpenAfterMs: 1_000 },
      });
      expect(await guard.charge(atWork.call('charge', 'pm_approve'))).toEqual({ kind: 'unknown' });
      expect(await atWork.effects('charge')).toBe(0);
    });

    it('tells nothing by webhook, until it is over', async () => {
      await atWork.send('charge', 'pm_webhook_twice');
      const due = 'SELECT FROM simulated_provider.take_due(60000, 1000, 10)';
      await outage('SILENT', 60);
      expect((await atWork.pool.query(due)).rowCount).toBe(0);
      await outage(null, 0);
      expect((await atWork.pool.query(due)).rowCount).toBe(2);
    });

    it('ends by itself', async () => {
      await outage('UNREACHABLE', 0);
      expect(await atWork.send('charge')).toEqual(succeeded);
    });
  });

  describe('books that cannot be reached', () => {
    it('are an outage, not an answer', async () => {
      const nowhere = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
      const lost = atWork.anotherOn(nowhere);
      await expect(lost.charge(atWork.call('charge', 'pm_approve'))).rejects.toThrow(ProviderUnavailable);
      await expect(lost.find('key')).rejects.toThrow(ProviderUnavailable);
      await nowhere.end();
    });
  });

  describe('books of an earlier build', () => {
    it('are taken over', async () => {
      await atWork.pool.query(`DROP SCHEMA simulated_provider CASCADE; CREATE SCHEMA simulated_provider;
        CREATE TABLE simulated_provider.ledger (
          key text PRIMARY KEY, payment_id uuid NOT NULL, order_id uuid NOT NULL, operation text NOT NULL,
          amount bigint NOT NULL, currency text NOT NULL, payment_method text NOT NULL,
          outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'lost')), code text, reference text,
          effects integer NOT NULL, calls integer NOT NULL, first_called_at timestamptz NOT NULL DEFAULT now(),
          last_called_at timestamptz NOT NULL DEFAULT now()
        );
        INSERT INTO simulated_provider.ledger VALUES (
          '${atWork.paymentId}:charge:1', '${atWork.paymentId}', '${orderId}', 'charge', 1000, 'EUR', 'pm_approve', 'succeeded',
          NULL, 'sim_before', 1, 1
        )`);
      await atWork.provider.start();
      expect(await atWork.send('charge')).toEqual({ kind: 'succeeded', reference: 'sim_before' });
      expect(await atWork.send('charge', 'pm_3ds', { attempt: 2 })).toMatchObject({
        kind: 'action-required',
      });
    });
  });
});

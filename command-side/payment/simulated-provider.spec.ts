import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { PaymentId } from '@orders/shared-events/contracts/ids.js';
import { EUR, orderId } from '@orders/shared-events/testing/examples.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { GuardedProvider } from './guarded-provider.js';
import type { ProviderCall } from './owed-calls.js';
import { ProviderUnavailable } from './provider.js';
import { SimulatedActions } from './simulated-actions.js';
import { SimulatedProvider } from './simulated-provider.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  let provider: SimulatedProvider;
  let paymentId: PaymentId;
  /** How often the provider said that there is something to be told. */
  let news = 0;
  const surroundings = {
    actionUrl: (token: string) => Promise.resolve(`https://provider.example/actions/${token}`),
    onNews: () => {
      news += 1;
    },
  };

  beforeAll(async () => {
    server = await databaseOf(real);
    pool = new Pool({ connectionString: server.url, max: 10 });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    provider = new SimulatedProvider(pool, surroundings);
    await provider.start();
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  beforeEach(() => {
    paymentId = PaymentId.parse(randomUUID());
    news = 0;
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

  interface Told {
    readonly event_id: string;
    readonly key: string;
    readonly outcome: unknown;
    readonly instead: boolean;
    /** In milliseconds, from when it was written. */
    readonly delay: number;
  }
  async function toBeTold(): Promise<Told[]> {
    const { rows } = await pool.query<Told>(
      `SELECT w.event_id, w.key, w.outcome, w.instead,
              round(1000 * extract(epoch FROM w.due_at - l.last_called_at))::int AS delay
       FROM simulated_provider.webhooks w JOIN simulated_provider.ledger l USING (key)
       WHERE l.payment_id = $1 ORDER BY w.seq`,
      [paymentId],
    );
    return rows;
  }
  const forget = () => pool.query('DELETE FROM simulated_provider.webhooks');
  /** As if the time that this payment's rows give were over by so many seconds. */
  const overdue = (column: 'action_expires_at' | 'hold_expires_at', seconds: number) =>
    pool.query(
      `UPDATE simulated_provider.ledger SET ${column} = now() - $2 * interval '1 s'
       WHERE payment_id = $1 AND ${column} IS NOT NULL`,
      [paymentId, seconds],
    );
  const endOverdue = () => pool.query('SELECT simulated_provider.end_overdue(60000)');

  describe('the simulated provider', () => {
    it('creates its schema once, however many start at once', async () => {
      await pool.query('DROP SCHEMA simulated_provider CASCADE');
      await Promise.all(Array.from({ length: 5 }, () => new SimulatedProvider(pool, surroundings).start()));
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

  describe('a payment that needs the customer', () => {
    const actions = () => new SimulatedActions(pool, surroundings.onNews);
    const wantsAction = {
      kind: 'action-required',
      url: expect.stringMatching(/^https:\/\/provider\.example\/actions\/[0-9a-f-]{36}$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:]{8}\.\d{3}Z$/),
    };
    const tokenOf = (outcome: unknown): string =>
      (outcome as { url: string }).url.split('/').at(-1) ?? 'no token';
    const ofAction = () => provider.find(`${paymentId}:charge:1`);

    it('moves no money, tells the same page each time, and waits', async () => {
      const first = await send('charge', 'pm_3ds');
      expect(first).toEqual(wantsAction);
      expect(await send('charge', 'pm_3ds')).toEqual(first);
      expect(await ofAction()).toEqual(first);
      expect([await effects('charge'), await toBeTold()]).toEqual([0, []]);
    });

    it('has a page that nobody guesses from what is known of the order', async () => {
      const tokens = [tokenOf(await send('charge', 'pm_3ds'))];
      tokens.push(tokenOf(await send('charge', 'pm_3ds', { attempt: 2 })));
      expect(new Set([...tokens, paymentId, orderId]).size).toBe(4);
    });

    it.each([
      ['pm_3ds', 'approve', { kind: 'succeeded', reference: expect.any(String) }, 1, 'approved'],
      ['pm_3ds', 'decline', failed('authentication_failed'), 0, 'declined'],
      ['pm_3ds_decline', 'approve', failed('card_declined'), 0, 'refused'],
      ['pm_3ds_decline', 'decline', failed('authentication_failed'), 0, 'declined'],
    ] as const)(
      'with %s, where they %s, comes to its end and tells it',
      async (token, decision, end, times, standing) => {
        const asked = await send('charge', token);
        expect(await actions().decide(tokenOf(asked), decision)).toMatchObject({ standing });
        expect(await ofAction()).toEqual(end);
        expect(await send('charge', token)).toEqual(end);
        expect(await effects('charge')).toBe(times);
        expect(await toBeTold()).toMatchObject([{ key: `${paymentId}:charge:1`, outcome: end }]);
        expect(news).toBe(1);
      },
    );

    it('is decided once, however many decide at once', async () => {
      const token = tokenOf(await send('charge', 'pm_3ds'));
      const decisions = ['approve', 'decline'] as const;
      const all = await Promise.all(
        Array.from({ length: 10 }, (_unused, n) => actions().decide(token, decisions[n % 2] ?? 'approve')),
      );
      expect(new Set(all.map((action) => action?.standing)).size).toBe(1);
      expect(await toBeTold()).toHaveLength(1);
      expect(await effects('charge')).toBe(all[0]?.standing === 'approved' ? 1 : 0);
    });

    it('cannot be decided after its time, and fails a while later', async () => {
      const asked = await send('charge', 'pm_3ds');
      await overdue('action_expires_at', 10);
      expect(await actions().decide(tokenOf(asked), 'approve')).toMatchObject({ standing: 'late' });
      await endOverdue();
      expect([await ofAction(), await toBeTold()]).toEqual([wantsAction, []]);
      await overdue('action_expires_at', 61);
      await endOverdue();
      expect(await ofAction()).toEqual(failed('action_expired'));
      expect(await toBeTold()).toMatchObject([{ outcome: failed('action_expired') }]);
      expect(await actions().find(tokenOf(asked))).toMatchObject({ standing: 'late' });
    });

    it('is closed by a void: what the customer says then changes nothing', async () => {
      const asked = await send('authorize', 'pm_3ds');
      expect(await send('void', 'pm_3ds')).toEqual(succeeded);
      expect(await actions().decide(tokenOf(asked), 'approve')).toMatchObject({ standing: 'closed' });
      expect(await provider.find(`${paymentId}:authorize:1`)).toEqual(failed('authorization_voided'));
      expect([await effects('authorize'), await toBeTold()]).toEqual([0, []]);
    });

    it('and a void at the same time: one of them wins', async () => {
      for (let round = 0; round < 20; round++) {
        paymentId = PaymentId.parse(randomUUID());
        const token = tokenOf(await send('charge', 'pm_3ds'));
        const [action, voided] = await Promise.all([
          actions().decide(token, 'approve'),
          send('void', 'pm_3ds', ofCharge),
        ]);
        expect([
          ['approved', 'already-captured'],
          ['closed', 'succeeded'],
        ]).toContainEqual([action?.standing, voided.kind]);
      }
    });

    it('is captured like any other once it is authorised', async () => {
      const asked = await send('authorize', 'pm_3ds');
      expect(await send('capture', 'pm_3ds')).toEqual(failed('not_authorized'));
      await actions().decide(tokenOf(asked), 'approve');
      expect(await send('capture', 'pm_3ds', { attempt: 2 })).toEqual(succeeded);
    });

    it('is known by its token only', async () =>
      expect([await actions().find(randomUUID()), await actions().decide(randomUUID(), 'approve')]).toEqual([
        undefined,
        undefined,
      ]));
  });

  describe('an authorisation that expires', () => {
    const token = 'pm_expire_authorization';
    const expired = { kind: 'expired' };
    const ofAuthorization = () => provider.find(`${paymentId}:authorize:1`);

    it('is captured too late: that is the answer, and a webhook tells it of the authorisation', async () => {
      expect(await send('authorize', token)).toEqual(succeeded);
      expect(await ofAuthorization()).toEqual(succeeded);
      expect(await send('capture', token)).toEqual(expired);
      expect(await provider.find(`${paymentId}:capture:1`)).toEqual(expired);
      expect(await ofAuthorization()).toEqual(expired);
      expect(await effects('capture')).toBe(0);
      expect(await toBeTold()).toMatchObject([{ key: `${paymentId}:authorize:1`, outcome: expired }]);
    });

    it('is told a while later where nobody captures it', async () => {
      await send('authorize', token);
      await endOverdue();
      expect(await toBeTold()).toEqual([]);
      await overdue('hold_expires_at', 61);
      await Promise.all([endOverdue(), endOverdue()]);
      expect(await ofAuthorization()).toEqual(expired);
      expect(await toBeTold()).toMatchObject([{ outcome: expired }]);
    });

    it('does not, once it is voided', async () => {
      await send('authorize', token);
      expect(await send('void', token)).toEqual(succeeded);
      await overdue('hold_expires_at', 61);
      await endOverdue();
      expect([await ofAuthorization(), await toBeTold()]).toEqual([succeeded, []]);
    });

    it('may be voided all the same', async () => {
      await send('authorize', token);
      await send('capture', token);
      expect(await send('void', token)).toEqual(succeeded);
    });

    it('is nothing that a charge knows', async () => expect(await send('charge', token)).toEqual(succeeded));
  });

  describe('a webhook', () => {
    const told = { key: expect.stringMatching(/:charge:1$/), outcome: succeeded, instead: false };

    it('comes before the answer, which waits for it', async () => {
      let isAnswered = false;
      const answer = send('charge', 'pm_webhook_first').then((outcome) => {
        isAnswered = true;
        return outcome;
      });
      await until(async () => (await toBeTold()).length === 1 && news === 1);
      expect([await toBeTold(), isAnswered]).toEqual([
        [expect.objectContaining({ ...told, delay: 0 })],
        false,
      ]);
      await forget();
      expect(await answer).toEqual(succeeded);
    });

    it('comes twice, under the same id', async () => {
      expect(await send('charge', 'pm_webhook_twice')).toEqual(succeeded);
      const all = await toBeTold();
      expect(all).toMatchObject([told, told]);
      expect(new Set(all.map(({ event_id }) => event_id)).size).toBe(1);
    });

    it('comes long after the answer', async () => {
      expect(await send('charge', 'pm_webhook_late')).toEqual(succeeded);
      expect(await toBeTold()).toMatchObject([{ ...told, delay: 5_000 }]);
    });

    it('comes in place of the answer: until then nobody knows, however often it is asked', async () => {
      const unknown = { kind: 'unknown' };
      for (let times = 0; times < 3; times++)
        expect(await send('charge', 'pm_webhook_only')).toEqual(unknown);
      expect(await provider.find(`${paymentId}:charge:1`)).toBeUndefined();
      expect(await toBeTold()).toMatchObject([{ ...told, instead: true }]);
      await forget();
      expect(await send('charge', 'pm_webhook_only')).toEqual(succeeded);
      expect(await provider.find(`${paymentId}:charge:1`)).toEqual(succeeded);
      expect(await effects('charge')).toBe(1);
    });

    it('does not come for what is answered at once', async () => {
      await send('charge');
      await send('charge', 'pm_decline', { attempt: 2 });
      expect([await toBeTold(), news]).toEqual([[], 0]);
    });
  });

  describe('books of an earlier build', () => {
    it('are taken over', async () => {
      await pool.query(`DROP SCHEMA simulated_provider CASCADE; CREATE SCHEMA simulated_provider;
        CREATE TABLE simulated_provider.ledger (
          key text PRIMARY KEY, payment_id uuid NOT NULL, order_id uuid NOT NULL, operation text NOT NULL,
          amount bigint NOT NULL, currency text NOT NULL, payment_method text NOT NULL,
          outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'lost')), code text, reference text,
          effects integer NOT NULL, calls integer NOT NULL, first_called_at timestamptz NOT NULL DEFAULT now(),
          last_called_at timestamptz NOT NULL DEFAULT now()
        );
        INSERT INTO simulated_provider.ledger VALUES (
          '${paymentId}:charge:1', '${paymentId}', '${orderId}', 'charge', 1000, 'EUR', 'pm_approve', 'succeeded',
          NULL, 'sim_before', 1, 1
        )`);
      await provider.start();
      expect(await send('charge')).toEqual({ kind: 'succeeded', reference: 'sim_before' });
      expect(await send('charge', 'pm_3ds', { attempt: 2 })).toMatchObject({ kind: 'action-required' });
    });
  });

  describe('an outage', () => {
    const outage = (kind: string | null, seconds: number) =>
      pool.query('SELECT simulated_provider.set_outage($1, $2)', [kind, seconds]);
    afterEach(() => outage(null, 0));

    it('refuses every call, and none takes effect', async () => {
      await outage('UNREACHABLE', 60);
      await expect(send('charge')).rejects.toThrow(ProviderUnavailable);
      await expect(provider.find(`${paymentId}:charge:1`)).rejects.toThrow(ProviderUnavailable);
      await outage(null, 0);
      expect(await effects('charge')).toBe(0);
      expect(await send('charge')).toEqual(succeeded);
    });

    it('in silence answers nothing at all', async () => {
      await outage('SILENT', 60);
      const guard = new GuardedProvider(provider, {
        ...{ timeoutMs: 50, window: 20, failurePercent: 50, halfOpenAfterMs: 1_000 },
      });
      expect(await guard.charge(call('charge', 'pm_approve'))).toEqual({ kind: 'unknown' });
      expect(await effects('charge')).toBe(0);
    });

    it('tells nothing by webhook, until it is over', async () => {
      await send('charge', 'pm_webhook_twice');
      const due = 'SELECT FROM simulated_provider.take_due(60000, 1000, 10)';
      await outage('SILENT', 60);
      expect((await pool.query(due)).rowCount).toBe(0);
      await outage(null, 0);
      expect((await pool.query(due)).rowCount).toBe(2);
    });

    it('ends by itself', async () => {
      await outage('UNREACHABLE', 0);
      expect(await send('charge')).toEqual(succeeded);
    });
  });

  describe('books that cannot be reached', () => {
    it('are an outage, not an answer', async () => {
      const nowhere = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
      const lost = new SimulatedProvider(nowhere, surroundings);
      await expect(lost.charge(call('charge', 'pm_approve'))).rejects.toThrow(ProviderUnavailable);
      await expect(lost.find('key')).rejects.toThrow(ProviderUnavailable);
      await nowhere.end();
    });
  });
});

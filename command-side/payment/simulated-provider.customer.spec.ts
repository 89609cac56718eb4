import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { orderId } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { ProviderAtWork, failed, ofCharge, succeeded } from '../testing/provider-at-work.js';
import { SimulatedActions } from './simulated-actions.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let atWork: ProviderAtWork;
  beforeAll(async () => {
    atWork = await ProviderAtWork.start(real);
  });
  afterAll(() => atWork.stop());
  beforeEach(() => atWork.nextPayment());

  describe('a payment that needs the customer', () => {
    const actions = () => new SimulatedActions(atWork.pool, atWork.onNews);
    const wantsAction = {
      kind: 'action-required',
      url: expect.stringMatching(/^https:\/\/provider\.example\/actions\/[0-9a-f-]{36}$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:]{8}\.\d{3}Z$/),
    };
    const tokenOf = (outcome: unknown): string =>
      (outcome as { url: string }).url.split('/').at(-1) ?? 'no token';
    const ofAction = () => atWork.find('charge');

    it('moves no money, tells the same page each time, and waits', async () => {
      const first = await atWork.send('charge', 'pm_3ds');
      expect(first).toEqual(wantsAction);
      expect(await atWork.send('charge', 'pm_3ds')).toEqual(first);
      expect(await ofAction()).toEqual(first);
      expect([await atWork.effects('charge'), await atWork.toBeTold()]).toEqual([0, []]);
    });

    it('has a page that nobody guesses from what is known of the order', async () => {
      const tokens = [tokenOf(await atWork.send('charge', 'pm_3ds'))];
      tokens.push(tokenOf(await atWork.send('charge', 'pm_3ds', { attempt: 2 })));
      expect(new Set([...tokens, atWork.paymentId, orderId]).size).toBe(4);
    });

    it.each([
      ['pm_3ds', 'approve', { kind: 'succeeded', reference: expect.any(String) }, 1, 'approved'],
      ['pm_3ds', 'decline', failed('authentication_failed'), 0, 'declined'],
      ['pm_3ds_decline', 'approve', failed('card_declined'), 0, 'refused'],
      ['pm_3ds_decline', 'decline', failed('authentication_failed'), 0, 'declined'],
    ] as const)(
      'with %s, where they %s, comes to its end and tells it',
      async (token, decision, end, times, standing) => {
        const asked = await atWork.send('charge', token);
        expect(await actions().decide(tokenOf(asked), decision)).toMatchObject({ standing });
        expect(await ofAction()).toEqual(end);
        expect(await atWork.send('charge', token)).toEqual(end);
        expect(await atWork.effects('charge')).toBe(times);
        expect(await atWork.toBeTold()).toMatchObject([
          { key: `${atWork.paymentId}:charge:1`, outcome: end },
        ]);
        expect(atWork.news).toBe(1);
      },
    );

    it('is decided once, however many decide at once', async () => {
      const token = tokenOf(await atWork.send('charge', 'pm_3ds'));
      const decisions = ['approve', 'decline'] as const;
      const all = await Promise.all(
        Array.from({ length: 10 }, (_unused, n) => actions().decide(token, decisions[n % 2] ?? 'approve')),
      );
      expect(new Set(all.map((action) => action?.standing)).size).toBe(1);
      expect(await atWork.toBeTold()).toHaveLength(1);
      expect(await atWork.effects('charge')).toBe(all[0]?.standing === 'approved' ? 1 : 0);
    });

    it('cannot be decided after its time, and fails a while later', async () => {
      const asked = await atWork.send('charge', 'pm_3ds');
      await atWork.overdue('action_expires_at', 10);
      expect(await actions().decide(tokenOf(asked), 'approve')).toMatchObject({ standing: 'late' });
      await atWork.endOverdue();
      expect([await ofAction(), await atWork.toBeTold()]).toEqual([wantsAction, []]);
      await atWork.overdue('action_expires_at', 61);
      await atWork.endOverdue();
      expect(await ofAction()).toEqual(failed('action_expired'));
      expect(await atWork.toBeTold()).toMatchObject([{ outcome: failed('action_expired') }]);
      expect(await actions().find(tokenOf(asked))).toMatchObject({ standing: 'late' });
    });

    it('is closed by a void: what the customer says then changes nothing', async () => {
      const asked = await atWork.send('authorize', 'pm_3ds');
      expect(await atWork.send('void', 'pm_3ds')).toEqual(succeeded);
      expect(await actions().decide(tokenOf(asked), 'approve')).toMatchObject({ standing: 'closed' });
      expect(await atWork.find('authorize')).toEqual(failed('authorization_voided'));
      expect([await atWork.effects('authorize'), await atWork.toBeTold()]).toEqual([0, []]);
    });

    it('and a void at the same time: one of them wins', async () => {
      for (let round = 0; round < 20; round++) {
        atWork.nextPayment();
        const token = tokenOf(await atWork.send('charge', 'pm_3ds'));
        const [action, voided] = await Promise.all([
          actions().decide(token, 'approve'),
          atWork.send('void', 'pm_3ds', ofCharge),
        ]);
        expect([
          ['approved', 'already-captured'],
          ['closed', 'succeeded'],
        ]).toContainEqual([action?.standing, voided.kind]);
      }
    });

    it('is captured like any other once it is authorised', async () => {
      const asked = await atWork.send('authorize', 'pm_3ds');
      expect(await atWork.send('capture', 'pm_3ds')).toEqual(failed('not_authorized'));
      await actions().decide(tokenOf(asked), 'approve');
      expect(await atWork.send('capture', 'pm_3ds', { attempt: 2 })).toEqual(succeeded);
    });

    it('is known by its token only', async () =>
      expect([await actions().find(randomUUID()), await actions().decide(randomUUID(), 'approve')]).toEqual([
        undefined,
        undefined,
      ]));
  });
});

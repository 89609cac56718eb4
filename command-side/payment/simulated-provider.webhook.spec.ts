import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { ProviderAtWork, succeeded } from '../testing/provider-at-work.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let atWork: ProviderAtWork;
  beforeAll(async () => {
    atWork = await ProviderAtWork.start(real);
  });
  afterAll(() => atWork.stop());
  beforeEach(() => atWork.nextPayment());

  describe('a webhook', () => {
    const told = { key: expect.stringMatching(/:charge:1$/), outcome: succeeded, instead: false };

    it('comes before the answer, which waits for it', async () => {
      let isAnswered = false;
      const answer = atWork.send('charge', 'pm_webhook_first').then((outcome) => {
        isAnswered = true;
        return outcome;
      });
      await until(async () => (await atWork.toBeTold()).length === 1 && atWork.news === 1);
      expect([await atWork.toBeTold(), isAnswered]).toEqual([
        [expect.objectContaining({ ...told, delay: 0 })],
        false,
      ]);
      await atWork.forgetWhatIsToBeTold();
      expect(await answer).toEqual(succeeded);
    });

    it('comes twice, under the same id', async () => {
      expect(await atWork.send('charge', 'pm_webhook_twice')).toEqual(succeeded);
      const all = await atWork.toBeTold();
      expect(all).toMatchObject([told, told]);
      expect(new Set(all.map(({ event_id }) => event_id)).size).toBe(1);
    });

    it('comes long after the answer', async () => {
      expect(await atWork.send('charge', 'pm_webhook_late')).toEqual(succeeded);
      expect(await atWork.toBeTold()).toMatchObject([{ ...told, delay: 5_000 }]);
    });

    it('comes in place of the answer: until then nobody knows, however often it is asked', async () => {
      const unknown = { kind: 'unknown' };
      for (let times = 0; times < 3; times++)
        expect(await atWork.send('charge', 'pm_webhook_only')).toEqual(unknown);
      expect(await atWork.find('charge')).toBeUndefined();
      expect(await atWork.toBeTold()).toMatchObject([{ ...told, instead: true }]);
      await atWork.forgetWhatIsToBeTold();
      expect(await atWork.send('charge', 'pm_webhook_only')).toEqual(succeeded);
      expect(await atWork.find('charge')).toEqual(succeeded);
      expect(await atWork.effects('charge')).toBe(1);
    });

    it('does not come for what is answered at once', async () => {
      await atWork.send('charge');
      await atWork.send('charge', 'pm_decline', { attempt: 2 });
      expect([await atWork.toBeTold(), atWork.news]).toEqual([[], 0]);
    });
  });

  describe('an authorisation that expires', () => {
    const token = 'pm_expire_authorization';
    const expired = { kind: 'expired' };
    const ofAuthorization = () => atWork.find('authorize');

    it('is captured too late: that is the answer, and a webhook tells it of the authorisation', async () => {
      expect(await atWork.send('authorize', token)).toEqual(succeeded);
      expect(await ofAuthorization()).toEqual(succeeded);
      expect(await atWork.send('capture', token)).toEqual(expired);
      expect(await atWork.find('capture')).toEqual(expired);
      expect(await ofAuthorization()).toEqual(expired);
      expect(await atWork.effects('capture')).toBe(0);
      expect(await atWork.toBeTold()).toMatchObject([
        { key: `${atWork.paymentId}:authorize:1`, outcome: expired },
      ]);
    });

    it('is told a while later where nobody captures it', async () => {
      await atWork.send('authorize', token);
      await atWork.endOverdue();
      expect(await atWork.toBeTold()).toEqual([]);
      await atWork.overdue('hold_expires_at', 61);
      await Promise.all([atWork.endOverdue(), atWork.endOverdue()]);
      expect(await ofAuthorization()).toEqual(expired);
      expect(await atWork.toBeTold()).toMatchObject([{ outcome: expired }]);
    });

    it('does not, once it is voided', async () => {
      await atWork.send('authorize', token);
      expect(await atWork.send('void', token)).toEqual(succeeded);
      await atWork.overdue('hold_expires_at', 61);
      await atWork.endOverdue();
      expect([await ofAuthorization(), await atWork.toBeTold()]).toEqual([succeeded, []]);
    });

    it('may be voided all the same', async () => {
      await atWork.send('authorize', token);
      await atWork.send('capture', token);
      expect(await atWork.send('void', token)).toEqual(succeeded);
    });

    it('is nothing that a charge knows', async () =>
      expect(await atWork.send('charge', token)).toEqual(succeeded));
  });
});

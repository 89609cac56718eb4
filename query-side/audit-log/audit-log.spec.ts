import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { Pages } from '../testing/pages.js';
import { RunningApp } from '../testing/running-app.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let orderId: OrderId;
  let pages: Pages;
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start(real);
    pages = new Pages(app, Pages.auditLog);
    orderId = await app.history.order();
    for (let index = 1; index < 5; index++) await app.history.order(index);
    await app.caughtUp();
  });
  afterAll(() => app.stop());

  describe('the audit log', () => {
    it('tells the story of one stream', async () => {
      const stream = `order-${orderId}`;
      const { auditLog } = await app.data<{ auditLog: { edges: readonly object[] } }>(
        `query ($stream: String!) { auditLog(filter: { stream: $stream }) { edges { node {
         stream revision type schemaVersion actor { kind subject } reason correlationId causationId occurredAt data
       } } } }`,
        { stream },
      );
      expect(auditLog.edges).toMatchObject([
        {
          node: {
            stream,
            revision: 0,
            type: 'OrderPlaced',
            schemaVersion: 1,
            actor: { kind: 'CUSTOMER', subject: 'customer-1' },
            reason: null,
            correlationId: 'correlation-1',
            causationId: 'cause-1',
            occurredAt: '2026-01-31T12:00:00.000Z',
            data: { orderId: orderId },
          },
        },
        { node: { type: 'OrderConfirmed', revision: 1 } },
        { node: { type: 'OrderShipped', revision: 2 } },
        { node: { type: 'OrderCompleted', revision: 3 } },
      ]);
    });

    it.each([
      [{ correlationId: 'correlation-1' }, true],
      [{ correlationId: 'unheard-of' }, false],
      [{ actor: 'customer-1' }, true],
      [{ actor: 'nobody' }, false],
      [{ type: 'OrderPlaced' }, true],
      [{ type: 'OrderTeleported' }, false],
    ])('for %j has entries: %s', async (filter, has) => {
      expect((await pages.page({ first: 1, filter })).edges).toHaveLength(has ? 1 : 0);
    });

    it.each([{}, { from: '2026-01-31T00:00:00Z' }, { type: 'OrderPlaced' }])(
      'has the same entries for %j whatever the size of its pages, from either end',
      async (filter) => {
        const whole = await pages.forwards(100, filter);
        expect(new Set(whole).size).toBe(whole.length);
        const inLogOrder = whole.toSorted((one, other) => Number(one) - Number(other));
        if (!('from' in filter)) expect(whole).toEqual(inLogOrder);
        // Others may be writing into the same log.
        const known = (keys: readonly string[]) => keys.filter((key) => whole.includes(key));
        expect(known(await pages.forwards(7, filter))).toEqual(whole);
        expect(known(await pages.backwards(11, filter))).toEqual(whole);
      },
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Sku } from '@orders/shared-events/contracts/ids.js';
import { licenceRegistered, mugRegistered } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { Pages } from '../testing/pages.js';
import { RunningApp } from '../testing/running-app.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start(real);
  });
  afterAll(() => app.stop());

  describe('products', () => {
    const mug = Sku.parse(`MUG-${randomUUID().toUpperCase()}`);
    const licence = Sku.parse(`LICENCE-${randomUUID().toUpperCase()}`);

    it('come with their stock, in capitals or not, and by SKU', async () => {
      await app.history.append(
        { ...mugRegistered, data: { ...mugRegistered.data, sku: mug } },
        { ...licenceRegistered, data: { ...licenceRegistered.data, sku: licence } },
        { type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 10 } },
      );
      await app.caughtUp();
      const product = (sku: string) =>
        app.data(
          `query ($sku: String!) { product(sku: $sku) {
           sku name price { amount currency } stock { onHand reserved available updatedAt }
         } }`,
          { sku },
        );
      expect(await product(mug.toLowerCase())).toEqual({
        product: {
          sku: mug,
          name: 'Mug',
          price: { amount: 1_250, currency: 'EUR' },
          stock: { onHand: 10, reserved: 0, available: 10, updatedAt: '2026-01-31T12:00:00.000Z' },
        },
      });
      expect(await product(licence)).toMatchObject({
        product: { stock: { onHand: 0, available: 0, updatedAt: null } },
      });
      const all = await new Pages(app, Pages.products).forwards(1);
      expect(all).toEqual(expect.arrayContaining([mug, licence]));
      expect(all).toEqual(all.toSorted());
    });

    it('are null where there are none', async () => {
      expect(await app.data('{ product(sku: "NEVER-HEARD-OF") { sku } }')).toEqual({ product: null });
    });
  });
});

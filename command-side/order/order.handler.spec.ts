import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Actor } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, Sku, orderStream, productStream } from '@orders/shared-events/contracts/ids.js';
import {
  EUR,
  customerId,
  mug,
  mugRegistered,
  orderId,
  origin,
} from '@orders/shared-events/testing/examples.js';
import { Products } from '../product/products.js';
import { SimulatedLog } from '../testing/simulated-log.js';
import { OnOrder, OrderHandler, type OrderRequest, type UnpricedOrder } from './order.handler.js';
import { Orders } from './orders.js';
import { noAdjustments } from './pricing.js';
import { Quotes } from './quotes.js';

let log: SimulatedLog;
let handler: OrderHandler;
/** Another process on the same log. */
let elsewhere: { products: Products };

const actor: Actor = { kind: 'operator', subject: 'spec' };
const envelope = () => ({ commandId: CommandId.parse(randomUUID()), origin: { ...origin, actor } });
const execute = (command: OrderRequest) =>
  handler.execute(new OnOrder({ ...envelope(), stream: orderStream(orderId), command }));

const place = (change: Partial<UnpricedOrder['data']> = {}): UnpricedOrder => ({
  type: 'PlaceOrder',
  data: {
    orderId,
    customerId,
    requestHash: 'a'.repeat(64),
    lines: [{ sku: mug, quantity: 2 }],
    paymentMethod: 'pm_approve',
    captureMethod: 'MANUAL',
    ...change,
  },
});
const repriceElsewhere = (price: number) =>
  elsewhere.products.execute({
    ...envelope(),
    stream: productStream(mug),
    command: { type: 'ChangePrice', data: { sku: mug, price, currency: EUR } },
  });

beforeEach(async () => {
  log = new SimulatedLog();
  const products = new Products(log);
  handler = new OrderHandler(new Orders(log), new Quotes(products, noAdjustments));
  elsewhere = { products: new Products(log) };
  await products.execute({
    ...envelope(),
    stream: productStream(mug),
    command: { type: 'RegisterProduct', data: mugRegistered.data },
  });
});

describe('placing an order', () => {
  it('costs one append and no read while the products are known', async () => {
    const before = { reads: log.reads, appends: log.appends.length };
    await execute(place());
    expect({ reads: log.reads, appends: log.appends.length }).toEqual({
      ...before,
      appends: before.appends + 1,
    });
  });

  it('takes a price that was changed elsewhere within a second', async () => {
    await repriceElsewhere(900);
    log.clock += 1_000;
    expect(await execute(place())).toMatchObject({ state: { total: 1_800 } });
  });

  it('is not refused for a price that has changed meanwhile', async () => {
    await repriceElsewhere(900);
    expect(await execute(place({ expectedTotal: 1_800 }))).toMatchObject({ outcome: 'happened' });
  });

  it('is not refused for a product that was registered meanwhile', async () => {
    const sku = Sku.parse('CUP-1');
    const missing = place({ lines: [{ sku, quantity: 1 }] });
    expect(await execute(missing)).toMatchObject({ refusal: { code: 'UNKNOWN_SKU' } });
    await elsewhere.products.execute({
      ...envelope(),
      stream: productStream(sku),
      command: { type: 'RegisterProduct', data: { ...mugRegistered.data, sku } },
    });
    expect(await execute(missing)).toMatchObject({ outcome: 'happened' });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stockStream } from '@orders/shared-events/contracts/ids.js';
import { type ConnectedStore, connectedTo, freshSku } from '@orders/shared-events/testing/event-stores.js';
import { mugReservation, origin } from '@orders/shared-events/testing/examples.js';
import { eventStoreOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { effectsOf } from '../effects.js';
import { Products } from '../product/products.js';
import { addressed } from '../request.js';
import { OnStock, StockHandler } from './stock.handler.js';
import type { StockCommand } from './stock.js';
import { Stocks } from './stocks.js';

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  let server: ConnectedStore;

  beforeAll(async () => {
    server = await connectedTo(eventStoreOf(real));
  });
  afterAll(() => server.stop());

  const instance = () => {
    const effects = effectsOf(server.store);
    const stocks = new Stocks(effects);
    return { stocks, handler: new StockHandler(stocks, new Products(effects)) };
  };

  it('what another process holds is known to whom its command comes again once the time is over', async () => {
    const sku = freshSku();
    const to = (command: StockCommand) => addressed(stockStream(sku), command, origin.actor);
    const [one, other] = [instance(), instance()];
    await other.stocks.execute(to({ type: 'ReceiveStock', data: { sku, receiptId: 'r', quantity: 5 } }));
    const expiresAt = new Date(Date.now() + 2_000).toISOString();
    const data = { ...mugReservation, sku, quantity: 5, expiresAt };
    const reserve = new OnStock(to({ type: 'ReserveStock', data }));
    await one.handler.execute(reserve);
    await until(() => new Date().toISOString() > expiresAt);
    expect(await other.handler.execute(reserve)).toMatchObject({
      outcome: 'repeated',
      state: { reserved: 5 },
    });
  });
});

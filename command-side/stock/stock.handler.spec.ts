import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { productStream, stockStream } from '@orders/shared-events/contracts/ids.js';
import { type ConnectedStore, connectedTo, freshSku } from '@orders/shared-events/testing/event-stores.js';
import { mugRegistered, mugReservation, origin } from '@orders/shared-events/testing/examples.js';
import { eventStoreOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type Effects, effectsOf } from '../effects.js';
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

  const instance = (effects = effectsOf(server.store)) => {
    const stocks = new Stocks(effects);
    const products = new Products(effects);
    return { stocks, products, handler: new StockHandler(stocks, products) };
  };

  it('a product is found that was registered while a read of it was under way', async () => {
    const sku = freshSku();
    const [heldUp, letGo] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const one = instance({
      ...effectsOf(server.store),
      read: heldUpOnce(() => heldUp.resolve(undefined), letGo.promise),
    });
    const early = one.products.load(productStream(sku), 1_000);
    await heldUp.promise;
    const data = { ...mugRegistered.data, sku };
    await instance().products.execute(
      addressed(productStream(sku), { type: 'RegisterProduct', data }, origin.actor),
    );
    const received = { type: 'ReceiveStock', data: { sku, receiptId: 'r', quantity: 5 } } as const;
    const answer = one.handler.execute(new OnStock(addressed(stockStream(sku), received, origin.actor)));
    letGo.resolve(undefined);
    expect(await early).toMatchObject({ state: { status: 'unregistered' } });
    expect(await answer).toMatchObject({ outcome: 'happened', state: { onHand: 5 } });
  });

  /** The first read says that it has read, and tells what once it is let go. */
  const heldUpOnce = (isHeldUp: () => void, letGo: Promise<undefined>): Effects['read'] => {
    let reads = 0;
    return async function* (...from) {
      const isFirst = reads++ === 0;
      const events = [];
      for await (const event of effectsOf(server.store).read(...from)) events.push(event);
      if (isFirst) isHeldUp();
      if (isFirst) await letGo;
      yield* events;
    };
  };

  it('of a confirmation and an expiry that come at once the first append wins, and the other is told', async () => {
    async function race(): Promise<unknown[]> {
      const sku = freshSku();
      const to = (command: StockCommand) => addressed(stockStream(sku), command, origin.actor);
      const [one, other] = [instance(), instance()];
      await one.stocks.execute(to({ type: 'ReceiveStock', data: { sku, receiptId: 'r', quantity: 5 } }));
      const expiresAt = new Date(Date.now() + 2_000).toISOString();
      const reservation = { ...mugReservation, sku };
      await one.stocks.execute(
        to({ type: 'ReserveStock', data: { ...reservation, quantity: 5, expiresAt } }),
      );
      await other.stocks.load(stockStream(sku));
      await until(() => new Date().toISOString() > expiresAt);
      const [confirmation, expiry] = await Promise.all([
        one.stocks.execute(to({ type: 'ConfirmReservation', data: reservation })),
        other.stocks.execute(to({ type: 'ExpireReservation', data: reservation })),
      ]);
      const { state } = await instance().stocks.load(stockStream(sku));
      return [confirmation.outcome, expiry.outcome, state.reserved];
    }
    for (const outcome of await Promise.all(Array.from({ length: 10 }, race)))
      expect([
        ['happened', 'refused', 5],
        ['refused', 'happened', 0],
      ]).toContainEqual(outcome);
  });

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

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, Sku, eventIdOf, stockStream } from '@orders/shared-events/contracts/ids.js';
import { AppendOutcomeUnknown } from '@orders/shared-events/transport/append-gateway.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type ConnectedStore, connectedTo, freshSku } from '@orders/shared-events/testing/event-stores.js';
import { expiresAt, mugRegistered, mugReservation, origin } from '@orders/shared-events/testing/examples.js';
import { NOW } from '@orders/shared-events/testing/given.js';
import { eventStoreOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { DeciderRunner } from './decider.js';
import { type Effects, effectsOf } from './effects.js';
import { type StockCommand, stock } from './stock/stock.js';

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  let server: ConnectedStore;
  let store: EventStore;
  let sku: Sku;

  beforeAll(async () => {
    server = await connectedTo(eventStoreOf(real));
    store = server.store;
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    sku = freshSku();
  });

  const instance = () => new DeciderRunner(stock, effectsOf(store));
  const addressed = (command: StockCommand): Addressed<StockCommand> => ({
    commandId: CommandId.parse(randomUUID()),
    stream: stockStream(sku),
    command,
    origin,
  });
  const receive = (receiptId: string) =>
    addressed({ type: 'ReceiveStock', data: { sku, receiptId, quantity: 1 } });

  describe('on an event store', () => {
    it('two instances that write one stream lose nothing and write nothing twice', async () => {
      const [one, other] = [instance(), instance()];
      const receipts = Array.from({ length: 60 }, (_unused, n) => `receipt-${n}`);
      const outcomes = await Promise.all(
        receipts.flatMap((receipt) => [one.execute(receive(receipt)), other.execute(receive(receipt))]),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'happened')).toHaveLength(60);
      expect(outcomes.filter(({ outcome }) => outcome === 'repeated')).toHaveLength(60);
      const { state, revision } = await instance().load(stockStream(sku));
      expect([state.onHand, revision]).toEqual([60, 59n]);
    });

    it('the same caller at two instances at once gets one event, and both get its position', async () => {
      const outcomes = await Promise.all(
        [instance(), instance(), instance()].map((each) => each.execute(receive('r'), { from: 'nothing' })),
      );
      expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['happened', 'repeated', 'repeated']);
      expect(new Set(outcomes.map((outcome) => ('position' in outcome ? outcome.position : 0n))).size).toBe(
        1,
      );
    });

    it('the position of an outcome is that of the event in the log', async () => {
      const outcome = await instance().execute(receive('r'));
      for await (const event of store.readStream(stockStream(sku))) {
        expect(outcome).toMatchObject({ outcome: 'happened', position: event.position });
      }
    });

    it('a process command that is decided again elsewhere on the same state is written once', async () => {
      const command = receive('r');
      const [one, other] = [instance(), instance()];
      await Promise.all([
        one.execute(command, { from: 'nothing' }),
        other.execute(command, { from: 'nothing' }),
      ]);
      const { state, revision } = await instance().load(stockStream(sku));
      expect([state.onHand, revision]).toEqual([1, 0n]);
    });

    it('a command whose outcome was unknown is judged by what the log holds, whatever the hour is by then', async () => {
      let [clock, isLost] = [NOW, false];
      const effects: Effects = {
        ...effectsOf(store),
        now: () => new Date(clock),
        append: async (...append) => {
          const result = await store.append(...append);
          if (isLost) throw new AppendOutcomeUnknown('no answer');
          return result;
        },
      };
      const one = new DeciderRunner(stock, effects);
      await one.execute(receive('r'));
      const reserve = addressed({
        type: 'ReserveStock',
        data: { ...mugReservation, sku, quantity: 1, expiresAt },
      });
      isLost = true;
      await expect(one.execute(reserve)).rejects.toThrow(AppendOutcomeUnknown);
      [clock, isLost] = [expiresAt, false];
      expect(await one.execute(reserve)).toMatchObject({ outcome: 'repeated', state: { reserved: 1 } });
    });

    it('an event of another aggregate in the stream is an error, not a guess', async () => {
      const { commandId, stream } = receive('r');
      const metadata = { $correlationId: 'c', $causationId: 'c', commandId, actor: origin.actor };
      const misplaced = {
        ...mugRegistered,
        id: eventIdOf(commandId, 0),
        metadata: { ...metadata, occurredAt: NOW, schemaVersion: 1 },
      };
      await store.append(stream, 'no_stream', [misplaced]);
      await expect(instance().load(stream)).rejects.toThrow('ProductRegistered');
    });
  });
});

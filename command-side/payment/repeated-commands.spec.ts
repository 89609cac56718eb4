import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { CommandId, OrderId, paymentIdOf, paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { CaptureMethod } from '@orders/shared-events/contracts/payment.events.js';
import { type ConnectedStore, collected, connectedTo } from '@orders/shared-events/testing/event-stores.js';
import { origin, paymentRequested } from '@orders/shared-events/testing/examples.js';
import { eventStoreOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { effectsOf } from '../effects.js';
import { Orders } from '../order/orders.js';
import { OnPayment, PaymentHandler } from './payment.handler.js';
import type { PaymentCommand } from './payment.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import type { PaymentProvider, ProviderOutcome } from './provider.js';

const succeeded: ProviderOutcome = { kind: 'succeeded', reference: 'ref-1' };

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  let server: ConnectedStore;
  let orderId: OrderId;
  let asked: string[];
  let isCrashing: boolean;

  beforeAll(async () => {
    server = await connectedTo(eventStoreOf(real));
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    orderId = OrderId.parse(randomUUID());
    asked = [];
    isCrashing = false;
  });

  /** Does what it is asked for; while it crashes, nobody hears of that. */
  const does = (what: string) => () => {
    asked.push(what);
    return isCrashing ? Promise.reject(new Error('crash')) : Promise.resolve(succeeded);
  };
  const provider: PaymentProvider = {
    authorize: does('authorize'),
    charge: does('charge'),
    capture: does('capture'),
    void: does('void'),
    refund: does('refund'),
    find: does('find'),
  };
  const instance = () => {
    const effects = effectsOf(server.store);
    const payments = new Payments(effects);
    return new PaymentHandler(payments, new ProviderCalls(provider, payments), new Orders(effects));
  };
  /** A process sends its command under the same id until it hears the outcome. */
  const sent = (command: PaymentCommand) => {
    const { paymentId } = command.data;
    const commandId = CommandId.parse(randomUUID());
    return new OnPayment({ commandId, stream: paymentStream(paymentId), command, origin });
  };
  const authorize = (captureMethod: CaptureMethod) => {
    const { attempt: _first, ...terms } = paymentRequested(captureMethod).data;
    const data = { ...terms, orderId, paymentId: paymentIdOf(orderId) };
    return sent({ type: 'AuthorizePayment', data });
  };
  const types = async () => {
    const events = await collected(server.store.readStream(paymentStream(paymentIdOf(orderId))));
    return events.map(({ type }) => type);
  };

  describe('a command whose call another process has made, and not lived to tell of', () => {
    it('has the provider asked what became of it', async () => {
      const command = authorize('AUTOMATIC');
      isCrashing = true;
      await expect(instance().execute(command)).rejects.toThrow('crash');
      isCrashing = false;
      await instance().execute(command);
      expect(asked).toEqual(['charge', 'find']);
      expect(await types()).toEqual(['PaymentRequested', 'PaymentCaptured']);
    });

    it('has it asked, too, by a process that knows the payment from before', async () => {
      const [one, other] = [instance(), instance()];
      await other.execute(authorize('MANUAL'));
      const data = { orderId, paymentId: paymentIdOf(orderId), attempt: 1 };
      const command = sent({ type: 'CapturePayment', data });
      isCrashing = true;
      await expect(one.execute(command)).rejects.toThrow('crash');
      isCrashing = false;
      await other.execute(command);
      expect(asked).toEqual(['authorize', 'capture', 'find']);
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import type { BusCommand } from '@orders/shared-events/contracts/commands.js';
import type { CommandMessage } from '@orders/shared-events/contracts/envelope.js';
import {
  CommandId,
  OrderId,
  type PaymentId,
  paymentIdOf,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import { COMMANDS } from '@orders/shared-events/transport/topology.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { EUR, origin, total } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type RunningSide, startSide } from '../testing/running-side.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let side: RunningSide;
  let ledger: Pool;
  let ids: { orderId: OrderId; paymentId: PaymentId };

  beforeAll(async () => {
    side = await startSide(real);
    ledger = new Pool({ connectionString: side.databaseUrl });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    ledger.on('error', () => undefined);
  }, 60_000);
  afterAll(async () => {
    await ledger.end();
    await side.stop();
  });
  beforeEach(() => {
    const orderId = OrderId.parse(randomUUID());
    ids = { orderId, paymentId: paymentIdOf(orderId) };
  });

  async function send(command: BusCommand, commandId = CommandId.parse(randomUUID())): Promise<void> {
    const sentAt = new Date().toISOString();
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const message: CommandMessage = { commandId, ...command, origin, sentAt, expiresAt };
    await side.messageBus.publish(COMMANDS, `payment.${command.type}`, message, { mandatory: true });
  }
  const authorize = (paymentMethod: string, captureMethod: 'AUTOMATIC' | 'MANUAL'): BusCommand => ({
    type: 'AuthorizePayment',
    data: { ...ids, amount: total, currency: EUR, paymentMethod, captureMethod },
  });
  async function types(): Promise<string[]> {
    const events = await collected(side.eventStore.readStream(paymentStream(ids.paymentId)));
    return events.map(({ type }) => type);
  }
  const happened = (type: string) => until(async () => (await types()).includes(type));
  async function effects(): Promise<Record<string, number>> {
    const { rows } = await ledger.query<{ operation: string; effects: number }>(
      `SELECT operation, sum(effects)::int AS effects FROM simulated_provider.ledger
     WHERE order_id = $1 GROUP BY operation`,
      [ids.orderId],
    );
    return Object.fromEntries(rows.map((row) => [row.operation, row.effects]));
  }

  describe('a payment that is asked for over the bus', () => {
    it.each(['pm_approve', 'pm_slow', 'pm_timeout_with_effect', 'pm_timeout_without_effect'])(
      'is charged once with %s, however often it is asked for',
      async (paymentMethod) => {
        const commandId = CommandId.parse(randomUUID());
        const command = authorize(paymentMethod, 'AUTOMATIC');
        await Promise.all(Array.from({ length: 5 }, () => send(command, commandId)));
        await happened('PaymentCaptured');
        await send(command, commandId);
        await send({ type: 'RefundPayment', data: { ...ids, refundId: 'all', amount: total, attempt: 1 } });
        await happened('PaymentRefunded');
        expect(await effects()).toEqual({ charge: 1, refund: 1 });
        expect((await types()).filter((type) => type !== 'PaymentOutcomeUnknown')).toEqual([
          'PaymentRequested',
          'PaymentCaptured',
          'RefundRequested',
          'PaymentRefunded',
        ]);
      },
    );

    it('is authorised, then captured', async () => {
      await send(authorize('pm_approve', 'MANUAL'));
      await happened('PaymentAuthorized');
      await send({ type: 'CapturePayment', data: { ...ids, attempt: 1 } });
      await happened('PaymentCaptured');
      expect(await effects()).toEqual({ authorize: 1, capture: 1 });
    });

    it('is authorised, then voided', async () => {
      await send(authorize('pm_approve', 'MANUAL'));
      await happened('PaymentAuthorized');
      await send({ type: 'VoidAuthorization', data: { ...ids, attempt: 1 } });
      await happened('AuthorizationVoided');
      expect(await effects()).toEqual({ authorize: 1, void: 1 });
    });

    it('is declined', async () => {
      await send(authorize('pm_decline', 'AUTOMATIC'));
      await happened('PaymentDeclined');
      expect(await effects()).toEqual({ charge: 0 });
    });

    it('is not charged when the void came first', async () => {
      await send({ type: 'VoidAuthorization', data: { ...ids, attempt: 1 } });
      await happened('AuthorizationVoided');
      await send(authorize('pm_approve', 'AUTOMATIC'));
      await send(authorize('pm_approve', 'AUTOMATIC'));
      const after = CommandId.parse(randomUUID());
      await send({ type: 'VoidAuthorization', data: { ...ids, attempt: 1 } }, after);
      expect(await types()).toEqual(['AuthorizationVoided']);
      expect(await effects()).toEqual({});
    });
  });
});

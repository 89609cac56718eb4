import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomerId, type OrderId, type Sku, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { auditOf, typesOf } from './audit.js';
import { get, newKey } from './client.js';
import { levelOf, someGoods } from './goods.js';
import { HeldProvider } from './held-provider.js';
import { heldFor, ledgerOf } from './ledger.js';
import { type OrderView, type Placement, accepted, cancel, orderOf, ship } from './orders.js';
import { type System, type Topology, topologies } from './system.js';
import { WithheldCommands } from './withheld-commands.js';

const END_DEADLINE_MS = 60_000;
const QUANTITY = 5;
const customerId = CustomerId.parse('customer-1');

type CaptureMethod = Placement['captureMethod'];
const both: readonly CaptureMethod[] = ['AUTOMATIC', 'MANUAL'];

/** What becomes of money that the provider takes while a cancellation waits for its answer. */
const GIVEN_BACK: Readonly<Record<CaptureMethod, readonly string[]>> = {
  AUTOMATIC: ['PaymentCaptured', 'RefundRequested', 'PaymentRefunded'],
  MANUAL: ['VoidRequested', 'AuthorizationVoided'],
};

const inOrder = (types: readonly string[], ...wanted: readonly string[]): void =>
  expect(types.filter((type) => wanted.includes(type))).toEqual(wanted);
const none = (types: readonly string[], ...unwanted: readonly string[]): void =>
  expect(types.filter((type) => unwanted.includes(type))).toEqual([]);

/** An order of two pieces that nobody else buys. Its id is known before it is placed. */
interface Planned {
  readonly orderId: OrderId;
  readonly sku: Sku;
  readonly placement: Placement;
}

describe.each(Object.keys(topologies) as Topology[])('an order that is cancelled, in %s', (topology) => {
  let system: System;
  beforeAll(async () => {
    system = await topologies[topology]();
  }, 120_000);
  afterAll(() => system.stop(), 60_000);

  async function planned(
    captureMethod: CaptureMethod,
    paymentMethod = 'pm_approve',
    requiresShipping = true,
  ): Promise<Planned> {
    const sku = await someGoods(system.commands, { requiresShipping, quantity: QUANTITY });
    const idempotencyKey = newKey();
    const lines = [{ sku, quantity: 2 }];
    const placement = { customerId, idempotencyKey, lines, paymentMethod, captureMethod };
    return { orderId: orderIdOf(customerId, idempotencyKey), sku, placement };
  }

  const placed = async (order: Planned): Promise<Planned> => {
    await accepted(system.commands, order.placement);
    return order;
  };
  const providerHeldFor = ({ orderId }: Planned) =>
    HeldProvider.of(system.backEnds['DATABASE_URL'] ?? '', orderId);

  const comesTo = ({ orderId }: Planned, isThere: (order: OrderView) => boolean) =>
    until(async () => {
      const order = await orderOf(system.queries, orderId).catch(() => null);
      return order !== null && isThere(order);
    }, END_DEADLINE_MS);
  const isPaid =
    (status: string) =>
    ({ payment }: OrderView): boolean =>
      payment.status === status;
  const is =
    (status: string) =>
    (order: OrderView): boolean =>
      order.status === status;

  const isUndoing = async ({ orderId }: Planned): Promise<boolean> => {
    const { processes } = await get<{ processes: readonly { orderId: string }[] }>(
      `${system.admin}/processes?state=UNDOING`,
    );
    return processes.some((process) => process.orderId === orderId);
  };
  const isAccepted = async ({ orderId }: Planned) =>
    expect(await cancel(system.commands, orderId)).toMatchObject({
      __typename: 'OrderCancellationAccepted',
      repeated: false,
    });

  /** Cancelled, with nothing held of money or stock, and not before: nothing moves once it is told. */
  async function endsCancelled(order: Planned): Promise<string[]> {
    await comesTo(order, is('CANCELLED'));
    expect(await heldFor(system.admin, order.orderId)).toEqual({ taken: 0, authorized: 0 });
    expect(await levelOf(system.queries, order.sku)).toMatchObject({ onHand: QUANTITY, reserved: 0 });
    // A slow answer may still come, and changes nothing then.
    const types = typesOf(await auditOf(system.queries, order.orderId, order.sku)).filter(
      (type) => type !== 'ProviderNotificationIgnored',
    );
    expect(types.at(-1)).toBe('OrderCancelled');
    return types;
  }

  describe.each(both)('with the capture method %s', (captureMethod) => {
    it('while its authorisation is pending', async () => {
      const order = await planned(captureMethod, 'pm_slow');
      const provider = await providerHeldFor(order);
      await placed(order);
      await provider.called();
      await isAccepted(order);
      await provider.release();
      const types = await endsCancelled(order);
      none(types, 'StockReserved', 'CaptureRequested');
      // It waited for the provider's answer: a charge was made by then, and an authorisation can be voided.
      inOrder(types, 'OrderCancellationRequested', ...GIVEN_BACK[captureMethod]);
    });

    it.each(['pm_timeout_with_effect', 'pm_timeout_without_effect'])(
      'while %s leaves open what became of its authorisation',
      async (paymentMethod) => {
        const order = await planned(captureMethod, paymentMethod);
        const provider = await providerHeldFor(order);
        await placed(order);
        await provider.called();
        await isAccepted(order);
        await provider.release();
        await endsCancelled(order);
        for (const { effects } of await ledgerOf(system.admin, order.orderId))
          expect(effects).toBeLessThanOrEqual(1);
      },
    );

    it('after an outcome of its authorisation that is not known yet', async () => {
      const order = await planned(captureMethod, 'pm_timeout_without_effect');
      const provider = await providerHeldFor(order);
      await placed(order);
      // The first call is lost; the second one, which was asked about before, waits.
      await provider.passOne();
      await provider.called();
      await isAccepted(order);
      await provider.release();
      const types = await endsCancelled(order);
      expect(types.indexOf('PaymentOutcomeUnknown')).toBeGreaterThan(0);
      expect(types.indexOf('PaymentOutcomeUnknown')).toBeLessThan(
        types.indexOf('OrderCancellationRequested'),
      );
    });

    it('once it is confirmed and waits for its shipment', async () => {
      const order = await placed(await planned(captureMethod));
      await comesTo(order, is('CONFIRMED'));
      await isAccepted(order);
      const types = await endsCancelled(order);
      expect(types).toContain('PaymentRefunded');
      expect(await cancel(system.commands, order.orderId)).toMatchObject({ repeated: true });
    });
  });

  it('with its money authorised and its stock reserved', async () => {
    const order = await planned('MANUAL');
    const provider = await providerHeldFor(order);
    await placed(order);
    await provider.called();
    const capture = await WithheldCommands.of(system.backEnds['RABBITMQ_URL'] ?? '', 'payment');
    try {
      await provider.release();
      await comesTo(order, isPaid('AUTHORIZED'));
      await until(async () => (await levelOf(system.queries, order.sku))?.reserved === 2, END_DEADLINE_MS);
      await isAccepted(order);
      // The capture is not sent any more.
      await until(() => isUndoing(order), END_DEADLINE_MS);
    } finally {
      await capture.letThrough();
    }
    const types = await endsCancelled(order);
    inOrder(types, 'StockReserved', 'OrderCancellationRequested', 'VoidRequested', 'AuthorizationVoided');
    inOrder(types, 'OrderCancellationRequested', 'StockReservationReleased');
    none(types, 'CaptureRequested', 'PaymentCaptured');
  });

  it('while its money is being captured', async () => {
    const order = await planned('MANUAL');
    const provider = await providerHeldFor(order);
    await placed(order);
    await provider.passOne();
    await provider.called();
    await comesTo(order, isPaid('AUTHORIZED'));
    await isAccepted(order);
    await provider.release();
    const types = await endsCancelled(order);
    expect(types).toContain('PaymentRefunded');
  });

  it('is not where it was rejected', async () => {
    const order = await placed(await planned('AUTOMATIC', 'pm_decline'));
    await comesTo(order, is('REJECTED'));
    expect(await cancel(system.commands, order.orderId)).toMatchObject({
      __typename: 'OrderNotCancellable',
      code: 'ORDER_REJECTED',
    });
  });

  it('is not where it is completed', async () => {
    const order = await placed(await planned('MANUAL', 'pm_approve', false));
    await comesTo(order, is('COMPLETED'));
    expect(await cancel(system.commands, order.orderId)).toMatchObject({
      __typename: 'OrderNotCancellable',
      code: 'ORDER_COMPLETED',
    });
    expect(await heldFor(system.admin, order.orderId)).toEqual({ taken: 5_000, authorized: 0 });
  });

  /** Commands do not arrive without a broker, so that each process stays where it is until the broker is back. */
  it('between any two stages, and not once it is shipped', async () => {
    const [authorized, charged, captured] = [
      await planned('MANUAL'),
      await planned('AUTOMATIC'),
      await planned('MANUAL'),
    ];
    const unpaid = await Promise.all([authorized, charged, captured].map(providerHeldFor));
    const confirmed = await placed(await planned('MANUAL'));
    await Promise.all([authorized, charged, captured].map(placed));
    await unpaid[2]?.passOne();
    await Promise.all(unpaid.map((provider) => provider.called()));
    await comesTo(captured, isPaid('AUTHORIZED'));
    await comesTo(confirmed, is('CONFIRMED'));

    const broker = system.processes.get('broker');
    await broker?.kill();
    await Promise.all(unpaid.map((provider) => provider.release()));
    await comesTo(authorized, isPaid('AUTHORIZED'));
    await comesTo(charged, isPaid('CAPTURED'));
    await comesTo(captured, isPaid('CAPTURED'));
    await ship(system.commands, confirmed.orderId);
    await comesTo(confirmed, is('SHIPPED'));
    for (const order of [authorized, charged, captured]) await isAccepted(order);
    expect(await cancel(system.commands, confirmed.orderId)).toMatchObject({
      __typename: 'OrderNotCancellable',
      code: 'ORDER_ALREADY_SHIPPED',
    });

    await broker?.start();
    const voided = await endsCancelled(authorized);
    inOrder(voided, 'PaymentAuthorized', 'OrderCancellationRequested', 'AuthorizationVoided');
    none(voided, 'StockReserved', 'CaptureRequested', 'PaymentCaptured');
    const refunded = await endsCancelled(charged);
    inOrder(refunded, 'PaymentCaptured', 'OrderCancellationRequested', 'PaymentRefunded');
    none(refunded, 'StockReserved');
    const undone = await endsCancelled(captured);
    inOrder(undone, 'StockReserved', 'PaymentCaptured', 'OrderCancellationRequested', 'PaymentRefunded');
    inOrder(undone, 'OrderCancellationRequested', 'StockReservationReleased');
    await comesTo(confirmed, is('COMPLETED'));
    expect(await heldFor(system.admin, confirmed.orderId)).toEqual({ taken: 5_000, authorized: 0 });
  }, 180_000);
});

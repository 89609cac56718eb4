import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  CustomerId,
  OrderId,
  Sku,
  type StreamName,
  orderIdOf,
  orderStream,
  snapshotStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import { collected, freshSku } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { EVENTS_BETWEEN } from './snapshots.js';
import { stockSnapshot } from './stock/stock.snapshot.js';
import { type RunningSide, post, startSide } from './testing/running-side.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let side: RunningSide;
  beforeAll(async () => {
    side = await startSide(real);
  }, 60_000);
  afterAll(() => side.stop());

  const REGISTER = `mutation ($input: RegisterProductInput!) { registerProduct(input: $input) {
  __typename ... on ProductAccepted { sku position repeated } ... on Refusal { code message } ... on InvalidInput { field } } }`;
  const CHANGE_PRICE = `mutation ($input: ChangePriceInput!) { changePrice(input: $input) {
  __typename ... on ProductAccepted { sku position repeated } ... on Refusal { code message } } }`;
  const RECEIVE = `mutation ($input: ReceiveStockInput!) { receiveStock(input: $input) {
  __typename ... on StockReceiptAccepted { sku receiptId position repeated } ... on Refusal { code message } ... on InvalidInput { field } } }`;
  const ADJUST = `mutation ($input: AdjustStockInput!) { adjustStock(input: $input) {
  __typename ... on StockAdjustmentAccepted { sku adjustmentId position repeated } ... on Refusal { code message }
  ... on AdjustmentExceedsAvailable { available } ... on InvalidInput { field } } }`;
  const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  __typename ... on OrderAccepted { orderId total currency position repeated } ... on Refusal { code message }
  ... on PriceChanged { total currency } ... on UnknownSku { sku } ... on MixedCurrencies { currencies }
  ... on InvalidInput { field } } }`;
  const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
  __typename ... on OrderCancellationAccepted { orderId position repeated } ... on Refusal { code message } } }`;
  const SHIP = `mutation ($input: ShipOrderInput!) { shipOrder(input: $input) {
  __typename ... on OrderShipmentAccepted { orderId position repeated } ... on Refusal { code message } } }`;

  /** In words, and not in zod's, which show patterns and types. */
  const forPeople = /^[\w.]+: (must|too many)(?!.*(pattern|expected|Invalid|Too (big|small)))/;

  const EUR = (amount: number) => ({ amount, currency: 'EUR' });
  async function mutate(mutation: string, input: object): Promise<Record<string, unknown>> {
    const { body } = await side.graphql(mutation, { input });
    const [result] = Object.values(body.data ?? {});
    if (!result) throw new Error(JSON.stringify(body.errors));
    return result;
  }
  async function aProduct(price = 1_000, currency = 'EUR'): Promise<string> {
    const sku = freshSku();
    await mutate(REGISTER, { sku, name: 'Spec', price: { amount: price, currency }, requiresShipping: true });
    return sku;
  }
  const anOrder = (sku: string, change: object = {}) => ({
    customerId: `customer-${randomUUID()}`,
    idempotencyKey: 'key-1',
    lines: [{ sku, quantity: 2 }],
    paymentMethod: 'pm_approve',
    captureMethod: 'AUTOMATIC',
    ...change,
  });
  const eventsIn = (stream: StreamName) => collected(side.eventStore.readStream(stream));
  const eventsOf = (orderId: unknown) => eventsIn(orderStream(OrderId.parse(orderId)));

  describe('products', () => {
    it('are registered once, and known again', async () => {
      const product = {
        sku: freshSku().toLowerCase(),
        name: 'Mug',
        price: EUR(1_250),
        requiresShipping: true,
      };
      const first = await mutate(REGISTER, product);
      expect(first).toMatchObject({
        __typename: 'ProductAccepted',
        sku: product.sku.toUpperCase(),
        repeated: false,
      });
      expect(await mutate(REGISTER, product)).toEqual({ ...first, repeated: true });
      expect(await mutate(REGISTER, { ...product, name: 'Cup' })).toMatchObject({
        __typename: 'SkuTaken',
        code: 'PRODUCT_ALREADY_REGISTERED',
      });
    });

    it('change their price', async () => {
      const sku = await aProduct();
      expect(await mutate(CHANGE_PRICE, { sku, price: EUR(5) })).toMatchObject({ repeated: false });
      expect(await mutate(CHANGE_PRICE, { sku, price: EUR(5) })).toMatchObject({ repeated: true });
      expect(await mutate(CHANGE_PRICE, { sku: freshSku(), price: EUR(5) })).toMatchObject({
        __typename: 'UnknownSku',
        code: 'UNKNOWN_SKU',
      });
    });
  });

  describe('stock', () => {
    it('is received once for each receipt', async () => {
      const receipt = { sku: await aProduct(), receiptId: 'r-1', quantity: 5 };
      const first = await mutate(RECEIVE, receipt);
      expect(first).toMatchObject({ __typename: 'StockReceiptAccepted', receiptId: 'r-1', repeated: false });
      expect(await mutate(RECEIVE, receipt)).toEqual({ ...first, repeated: true });
      expect(await mutate(RECEIVE, { ...receipt, quantity: 6 })).toMatchObject({ code: 'RECEIPT_ID_REUSED' });
      expect(await mutate(RECEIVE, { ...receipt, sku: freshSku() })).toMatchObject({ code: 'UNKNOWN_SKU' });
    });
  });

  describe('an adjustment of stock', () => {
    it('is recorded once, with who made it and why', async () => {
      const sku = await aProduct();
      const adjustment = { sku: sku.toLowerCase(), adjustmentId: 'count-1', delta: 5, reason: 'stocktaking' };
      const first = await mutate(ADJUST, adjustment);
      expect(first).toMatchObject({ __typename: 'StockAdjustmentAccepted', sku, repeated: false });
      expect(await mutate(ADJUST, adjustment)).toEqual({ ...first, repeated: true });
      expect(await eventsIn(stockStream(Sku.parse(sku)))).toMatchObject([
        {
          type: 'StockAdjusted',
          data: { delta: 5, reason: 'stocktaking' },
          metadata: { actor: { kind: 'operator' }, reason: 'stocktaking' },
        },
      ]);
    });

    it('is refused with another delta, below what is there, and of what nobody sells', async () => {
      const adjustment = { sku: await aProduct(), adjustmentId: 'count-1', delta: 5 };
      await mutate(ADJUST, adjustment);
      expect(await mutate(ADJUST, { ...adjustment, delta: 4 })).toMatchObject({
        __typename: 'AdjustmentIdReused',
        code: 'ADJUSTMENT_ID_REUSED',
      });
      expect(await mutate(ADJUST, { ...adjustment, adjustmentId: 'count-2', delta: -6 })).toMatchObject({
        __typename: 'AdjustmentExceedsAvailable',
        code: 'ADJUSTMENT_EXCEEDS_AVAILABLE',
        available: 5,
      });
      expect(await mutate(ADJUST, { ...adjustment, sku: freshSku() })).toMatchObject({ code: 'UNKNOWN_SKU' });
    });

    it.each([
      ['delta', { delta: 0 }],
      ['delta', { delta: 1_000_001 }],
      ['delta', { delta: -1_000_001 }],
      ['adjustmentId', { adjustmentId: 'a b' }],
      ['sku', { sku: 'a b' }],
      ['reason', { reason: 'r'.repeat(501) }],
      ['reason', { reason: '' }],
    ])('refuses a wrong %s (%#)', async (field, change) => {
      const input = { sku: 'A', adjustmentId: 'count-1', delta: 1, ...change };
      expect(await mutate(ADJUST, input)).toMatchObject({
        __typename: 'InvalidInput',
        field,
        message: expect.stringMatching(forPeople),
      });
    });
  });

  describe('the stock of a product that is moved often', () => {
    it('is kept in a snapshot beside its events', async () => {
      const sku = await aProduct();
      const receipts = Array.from({ length: EVENTS_BETWEEN }, (_unused, n) => `r-${n}`);
      await Promise.all(receipts.map((receiptId) => mutate(RECEIVE, { sku, receiptId, quantity: 1 })));
      const snapshots = snapshotStream(stockStream(Sku.parse(sku)), stockSnapshot.version);
      const kept = async () => {
        for await (const { type } of side.eventStore.readStreamBackwards(snapshots, 1)) return type;
        return undefined;
      };
      await until(async () => (await kept()) === 'SnapshotTaken');
    });
  });

  describe('placing an order', () => {
    it('answers with the id that the key stands for, the total and the position of the event', async () => {
      const input = anOrder(await aProduct(1_250));
      const answer = await mutate(PLACE, input);
      const orderId = orderIdOf(CustomerId.parse(input.customerId), 'key-1');
      const [placed] = await eventsOf(orderId);
      expect(answer).toEqual({
        __typename: 'OrderAccepted',
        orderId,
        total: 2_500,
        currency: 'EUR',
        position: placed?.position.toString(),
        repeated: false,
      });
      expect(placed).toMatchObject({
        type: 'OrderPlaced',
        metadata: { actor: { kind: 'operator', subject: 'jane' } },
      });
    });

    it('takes the same request twenty times at once as one order', async () => {
      const input = anOrder(await aProduct());
      const answers = await Promise.all(Array.from({ length: 20 }, () => mutate(PLACE, input)));
      expect(new Set(answers.map(({ orderId }) => orderId)).size).toBe(1);
      expect(answers.filter(({ repeated }) => repeated === false)).toHaveLength(1);
      expect(await eventsOf(answers[0]?.['orderId'])).toHaveLength(1);
    });

    it('refuses another request under the same key', async () => {
      const input = anOrder(await aProduct());
      await mutate(PLACE, input);
      for (const change of [{ lines: [{ sku: input.lines[0]?.sku, quantity: 3 }] }, { reference: 'x' }]) {
        expect(await mutate(PLACE, { ...input, ...change })).toMatchObject({
          __typename: 'IdempotencyKeyReused',
          code: 'IDEMPOTENCY_KEY_REUSED',
        });
      }
    });

    it('knows a repeat although the price has changed, and charges a new order the new price', async () => {
      const sku = await aProduct(1_000);
      const input = anOrder(sku, { expectedTotal: EUR(2_000) });
      const first = await mutate(PLACE, input);
      await mutate(CHANGE_PRICE, { sku, price: EUR(1_500) });
      expect(await mutate(PLACE, input)).toEqual({ ...first, repeated: true });
      expect(await mutate(PLACE, { ...input, idempotencyKey: 'key-2' })).toMatchObject({
        __typename: 'PriceChanged',
        code: 'PRICE_CHANGED',
        total: 3_000,
        currency: 'EUR',
      });
      expect(
        await mutate(PLACE, { ...input, idempotencyKey: 'key-2', expectedTotal: EUR(3_000) }),
      ).toMatchObject({ total: 3_000, repeated: false });
    });

    it('refuses what cannot be priced', async () => {
      const unknown = freshSku();
      expect(await mutate(PLACE, anOrder(unknown))).toMatchObject({ code: 'UNKNOWN_SKU', sku: unknown });
      const lines = [await aProduct(1, 'EUR'), await aProduct(1, 'USD')].map((sku) => ({ sku, quantity: 1 }));
      expect(await mutate(PLACE, anOrder('', { lines }))).toMatchObject({
        code: 'MIXED_CURRENCIES',
        currencies: ['EUR', 'USD'],
      });
      expect(await mutate(PLACE, anOrder(await aProduct(), { currency: 'USD' }))).toMatchObject({
        code: 'MIXED_CURRENCIES',
      });
      expect(await mutate(PLACE, anOrder(await aProduct(0)))).toMatchObject({
        __typename: 'TotalNotPayable',
        code: 'TOTAL_NOT_POSITIVE',
      });
      const dear = anOrder(await aProduct(Number.MAX_SAFE_INTEGER));
      expect(await mutate(PLACE, dear)).toMatchObject({ code: 'TOTAL_OUT_OF_RANGE' });
    });

    it.each([
      ['customerId', { customerId: '' }],
      ['customerId', { customerId: 'Jane Doe, 1 Main Street' }],
      ['idempotencyKey', { idempotencyKey: '' }],
      ['idempotencyKey', { idempotencyKey: 'k'.repeat(129) }],
      ['idempotencyKey', { idempotencyKey: 'a\u0000b' }],
      ['idempotencyKey', { idempotencyKey: 'half of a pair: \ud83d' }],
      ['lines', { lines: [] }],
      ['lines', { lines: Array.from({ length: 101 }, () => ({ sku: 'A', quantity: 1 })) }],
      ['lines', { lines: Array.from({ length: 2 }, () => ({ sku: 'A', quantity: 600_000 })) }],
      ['lines.0.quantity', { lines: [{ sku: 'A', quantity: 0 }] }],
      ['lines.0.quantity', { lines: [{ sku: 'A', quantity: -1 }] }],
      ['lines.0.quantity', { lines: [{ sku: 'A', quantity: 1_000_001 }] }],
      ['lines.0.sku', { lines: [{ sku: 'a b', quantity: 1 }] }],
      ['lines.0.sku', { lines: [{ sku: 'A'.repeat(65), quantity: 1 }] }],
      ['lines.0.sku', { lines: [{ sku: 'straße', quantity: 1 }] }],
      ['paymentMethod', { paymentMethod: '4111 1111 1111 1111' }],
      ['currency', { currency: 'euro' }],
      ['currency', { currency: 'ZZZ' }],
      ['reference', { reference: 'r'.repeat(101) }],
      ['reference', { reference: 'half of a pair: \ud83d' }],
      ['expectedTotal.amount', { expectedTotal: EUR(-1) }],
      ['expectedTotal.currency', { expectedTotal: EUR(1), currency: 'USD' }],
    ])('refuses a wrong %s (%#)', async (field, change) => {
      const input = { ...anOrder('A'), ...change };
      expect(await mutate(PLACE, input)).toMatchObject({
        __typename: 'InvalidInput',
        code: 'INVALID_INPUT',
        field,
        message: expect.stringMatching(forPeople),
      });
    });
  });

  describe('money', () => {
    it.each(['ZZZ', 'XXX', 'eur', 'EURO', ''])(
      'is refused in %j, which ISO 4217 does not know',
      async (currency) => {
        const product = {
          sku: freshSku(),
          name: 'Mug',
          price: { amount: 1, currency },
          requiresShipping: true,
        };
        expect(await mutate(REGISTER, product)).toMatchObject({
          __typename: 'InvalidInput',
          field: 'price.currency',
          message: 'price.currency: must be the ISO 4217 code of a currency, e.g. EUR',
        });
      },
    );

    it.each(['EUR', 'JPY', 'XOF', 'XCG'])('may be in %s', async (currency) => {
      expect(await aProduct(1, currency)).toBeTruthy();
    });
  });

  describe('cancelling an order', () => {
    it('is recorded before a payment has begun, and once', async () => {
      const { orderId } = await mutate(PLACE, anOrder(await aProduct()));
      expect(await mutate(CANCEL, { orderId, reason: 'changed my mind' })).toMatchObject({
        __typename: 'OrderCancellationAccepted',
        repeated: false,
      });
      expect(await mutate(CANCEL, { orderId })).toMatchObject({ repeated: true });
      const events = await eventsOf(orderId);
      expect(events.map(({ type }) => type)).toEqual(['OrderPlaced', 'OrderCancellationRequested']);
      expect(events[1]?.metadata).toMatchObject({
        actor: { kind: 'operator' },
        reason: 'changed my mind',
      });
    });

    it('finds the order by its id in capitals', async () => {
      const { orderId } = await mutate(PLACE, anOrder(await aProduct()));
      expect(await mutate(CANCEL, { orderId: String(orderId).toUpperCase() })).toMatchObject({
        __typename: 'OrderCancellationAccepted',
        orderId,
      });
    });

    it('is refused for an order that there is not', async () =>
      expect(await mutate(CANCEL, { orderId: randomUUID() })).toMatchObject({
        __typename: 'OrderNotFound',
        code: 'ORDER_NOT_FOUND',
      }));

    it('is refused for what is no order id', async () =>
      expect(await mutate(CANCEL, { orderId: 'x' })).toMatchObject({ __typename: 'InvalidInput' }));
  });

  describe('shipping an order', () => {
    it('is refused before it is confirmed', async () => {
      const { orderId } = await mutate(PLACE, anOrder(await aProduct()));
      expect(await mutate(SHIP, { orderId, carrier: 'Post', trackingNumber: 'T1' })).toMatchObject({
        __typename: 'OrderNotShippable',
        code: 'ORDER_NOT_CONFIRMED',
      });
    });
  });

  describe('what is no request', () => {
    const stackTrace = /\bat .*\.(js|ts):\d+|node_modules|stacktrace/i;
    it.each([
      ['malformed JSON', '{"query": ', 400],
      ['no query', '{}', 400],
      ['a query that does not parse', JSON.stringify({ query: 'mutation {' }), 400],
      ['an unknown field', JSON.stringify({ query: '{ nothing }' }), 400],
    ])('%s is answered with a code and no stack trace', async (_what, body, status) => {
      const answer = await post(side.url, body);
      expect(answer.status).toBe(status);
      expect(answer.body.errors?.[0]?.extensions['code']).toMatch(/^[A-Z_]+$/);
      expect(JSON.stringify(answer.body)).not.toMatch(stackTrace);
    });

    it.each([
      ['a fractional quantity', { lines: [{ sku: 'A', quantity: 1.5 }] }],
      ['an unsafe quantity', { lines: [{ sku: 'A', quantity: 2 ** 53 }] }],
      ['an unknown enum', { captureMethod: 'LATER' }],
      ['a missing idempotency key', { idempotencyKey: undefined }],
      ['a fractional amount', { expectedTotal: EUR(0.1) }],
      ['an unknown field', { total: 1 }],
    ])('%s is an error of the caller', async (_what, change) => {
      const { body } = await side.graphql(PLACE, { input: { ...anOrder('A'), ...change } });
      expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(JSON.stringify(body)).not.toMatch(stackTrace);
    });
  });

  describe('a correlation id', () => {
    it('comes back, and travels into the event', async () => {
      const input = anOrder(await aProduct());
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const answer = await side.graphql(PLACE, { input }, { 'x-correlation-id': 'spec-1', traceparent });
      expect(answer.headers.get('x-correlation-id')).toBe('spec-1');
      const [placed] = await eventsOf(answer.body.data?.['placeOrder']?.['orderId']);
      expect(placed?.metadata).toMatchObject({ $correlationId: 'spec-1', traceparent });
    });

    it('is made where there is none, and is told with an error', async () => {
      const answer = await side.graphql(PLACE, { input: {} });
      const correlationId = answer.headers.get('x-correlation-id');
      expect(correlationId).toBeTruthy();
      expect(answer.body.errors?.[0]?.extensions['correlationId']).toBe(correlationId);
    });
  });

  describe('the schema', () => {
    it('stands alone', async () => {
      const { body } = await side.graphql('{ commandSide { logHead } }');
      expect(body.data?.['commandSide']?.['logHead']).toMatch(/^\d+$/);
    });
  });

  describe('health', () => {
    it('is ready while its back ends answer', async () => {
      const response = await fetch(`${side.url}/health/ready`);
      expect(await response.json()).toMatchObject({
        status: 'ok',
        details: {
          eventStore: { status: 'up' },
          rabbitMq: { status: 'up' },
          paymentProvider: { status: 'up', circuitBreaker: 'closed' },
        },
      });
      expect((await fetch(`${side.url}/health/live`)).status).toBe(200);
    });

    it('is measured in the text format of Prometheus', async () => {
      const response = await fetch(`${side.url}/metrics`);
      expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
      const lines = (await response.text()).split('\n');
      expect(lines).toContain('payment_provider_circuit_breaker_state{state="closed"} 1');
      expect(lines).toContain('payment_provider_circuit_breaker_state{state="open"} 0');
    });
  });
});

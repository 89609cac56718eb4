import { type CarryOut, CommandConsumer } from '@orders/command-side/command-consumer.js';
import { carryOutBy } from '@orders/command-side/carry-out.js';
import { guardOf, paymentSettings } from '@orders/command-side/configuration.js';
import { effectsOf } from '@orders/command-side/effects.js';
import { OnOrder, OrderHandler } from '@orders/command-side/order/order.handler.js';
import { Orders } from '@orders/command-side/order/orders.js';
import { noAdjustments } from '@orders/command-side/order/pricing.js';
import { Quotes } from '@orders/command-side/order/quotes.js';
import { Comparison } from '@orders/command-side/payment/comparison.js';
import { GuardedProvider } from '@orders/command-side/payment/guarded-provider.js';
import { OnPayment, PaymentHandler } from '@orders/command-side/payment/payment.handler.js';
import { Payments } from '@orders/command-side/payment/payments.js';
import { ProviderCalls } from '@orders/command-side/payment/provider-calls.js';
import { Reconciler } from '@orders/command-side/payment/reconciler.js';
import { ReconciliationBookmark } from '@orders/command-side/payment/reconciliation-bookmark.js';
import { WebhookController } from '@orders/command-side/payment/webhook.controller.js';
import { OnProduct, ProductHandler } from '@orders/command-side/product/product.handler.js';
import { Products } from '@orders/command-side/product/products.js';
import { OnStock, StockHandler } from '@orders/command-side/stock/stock.handler.js';
import { Stocks } from '@orders/command-side/stock/stocks.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { BrokerParts } from './channel.js';
import { z } from 'zod';
import { RemoteBooks } from './books.js';
import { SimulatedEventStore, type StoreParts } from './event-store.js';
import type { Life } from './life.js';
import { SimulatedBus } from './message-bus.js';
import { type ProviderParts, RemoteProvider } from './provider.js';

export interface CommandSideParts {
  readonly store: StoreParts;
  readonly bus: BrokerParts;
  readonly provider: ProviderParts;
  /** Whether it compares payments with the provider's books. */
  readonly reconciles: boolean;
  readonly logger: LogSink;
}

export type Request = OnOrder | OnPayment | OnStock | OnProduct;

/** With which the provider signs what it tells. */
export const WEBHOOK_SECRET = 'whsec_of_the_simulated_payment_provider';

const SETTINGS = z.object(paymentSettings).parse({ PAYMENT_WEBHOOK_SECRET: WEBHOOK_SECRET });
const GUARD = guardOf(SETTINGS);
/** More often than usual, since a run takes minutes; what is under way is left alone for longer than a call takes. */
export const RECONCILIATION = {
  intervalMs: 15_000,
  graceMs: 12_000,
  timeoutMs: SETTINGS.PAYMENT_PROVIDER_TIMEOUT,
};
const noMetrics = { notified: () => undefined };

/** An instance of the command side: the product's handlers and deciders, wired as its modules wire them. */
export class CommandSideInstance {
  readonly bus: SimulatedBus;
  readonly webhooks: WebhookController;
  readonly #handlers;
  readonly #consumer: CommandConsumer;
  readonly #reconciler: Reconciler | undefined;

  constructor({ store, bus, provider, reconciles, logger }: CommandSideParts, life: Life) {
    const eventStore = new SimulatedEventStore(store, life, logger);
    const effects = effectsOf(eventStore);
    const [payments, products] = [new Payments(effects), new Products(effects)];
    const guarded = new GuardedProvider(new RemoteProvider(provider, life), GUARD);
    const calls = new ProviderCalls(guarded, payments);
    const orders = new Orders(effects);
    this.webhooks = new WebhookController(payments, eventStore, noMetrics, [WEBHOOK_SECRET], logger);
    this.#handlers = {
      order: new OrderHandler(orders, new Quotes(products, noAdjustments)),
      payment: new PaymentHandler(payments, calls, orders),
      stock: new StockHandler(new Stocks(effects), products),
      product: new ProductHandler(products),
    };
    if (reconciles) {
      const books = new RemoteBooks(provider, life);
      this.#reconciler = reconcilerOf({ log: eventStore, books, guarded, payments, logger });
    }
    this.bus = new SimulatedBus(bus, life, logger);
    const carryOut = carryOutBy(this);
    const watched: CarryOut = (message, command) => bus.watch.carryOut(() => carryOut(message, command));
    this.#consumer = new CommandConsumer(this.bus, watched, logger);
  }

  async start(): Promise<void> {
    await this.bus.connect();
    await this.#consumer.start();
    this.#reconciler?.start();
  }

  /** As on SIGTERM. */
  async stop(): Promise<void> {
    await Promise.all([this.#consumer.stop(), this.#reconciler?.stop()]);
  }

  /** What the command bus of the product does: the handler of the aggregate takes it. */
  readonly execute = (request: unknown): Promise<never> => this.#handle(request as Request) as Promise<never>;

  #handle(request: Request): Promise<unknown> {
    if (request instanceof OnOrder) return this.#handlers.order.execute(request);
    if (request instanceof OnPayment) return this.#handlers.payment.execute(request);
    if (request instanceof OnStock) return this.#handlers.stock.execute(request);
    return this.#handlers.product.execute(request);
  }
}

interface ReconcilerParts {
  readonly log: SimulatedEventStore;
  readonly books: RemoteBooks;
  readonly guarded: GuardedProvider;
  readonly payments: Payments;
  readonly logger: LogSink;
}

/** As `ReconciliationModule` does it. */
function reconcilerOf({ log, books, guarded, payments, logger }: ReconcilerParts): Reconciler {
  const parts = { books, log, settings: RECONCILIATION, logger };
  return new Reconciler({
    ...parts,
    bookmark: new ReconciliationBookmark(log),
    comparison: new Comparison({ ...parts, payments, found: () => undefined }),
    steadyMs: () => guarded.steadyMs,
    swept: () => logger.debug({}, 'payments were reconciled'),
  });
}

import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { METRICS } from '@orders/shared-events/http/metrics.controller.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { Registry } from 'prom-client';
import type { PaymentSettings } from '../configuration.js';
import { LOGGER } from '../transport.module.js';
import { Comparison } from './comparison.js';
import { GuardedProvider } from './guarded-provider.js';
import { Payments } from './payments.js';
import { Reconciler } from './reconciler.js';
import { ReconciliationBookmark } from './reconciliation-bookmark.js';
import { ReconciliationMetrics } from './reconciliation.metrics.js';
import { SimulatedBooks } from './simulated-books.js';

/** Payments beside the provider's books, for as long as the application runs. */
@Module({})
export class ReconciliationModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly reconciler: Reconciler) {}

  static register(
    transport: DynamicModule,
    payment: DynamicModule,
    settings: PaymentSettings,
  ): DynamicModule {
    return {
      module: ReconciliationModule,
      imports: [transport, payment],
      providers: [
        {
          provide: Reconciler,
          useFactory: (
            log: EventStore,
            books: SimulatedBooks,
            provider: GuardedProvider,
            payments: Payments,
            registry: Registry,
            logger: LogSink,
          ) => reconcilerOf({ log, books, provider, payments, registry, logger }, settings),
          inject: [EventStore, SimulatedBooks, GuardedProvider, Payments, METRICS, LOGGER],
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.reconciler.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.reconciler.stop();
  }
}

interface Parts {
  readonly log: EventStore;
  readonly books: SimulatedBooks;
  readonly provider: GuardedProvider;
  readonly payments: Payments;
  readonly registry: Registry;
  readonly logger: LogSink;
}

function reconcilerOf(
  { log, books, provider, payments, registry, logger }: Parts,
  { RECONCILIATION_INTERVAL, RECONCILIATION_GRACE, PAYMENT_PROVIDER_TIMEOUT }: PaymentSettings,
): Reconciler {
  const settings = {
    intervalMs: RECONCILIATION_INTERVAL,
    graceMs: RECONCILIATION_GRACE,
    timeoutMs: PAYMENT_PROVIDER_TIMEOUT,
  };
  const metrics = new ReconciliationMetrics(registry);
  return new Reconciler({
    books,
    log,
    bookmark: new ReconciliationBookmark(log),
    comparison: new Comparison({
      ...{ books, payments, log, settings, logger },
      found: (finding) => metrics.found(finding),
    }),
    steadyMs: () => provider.steadyMs,
    swept: () => metrics.swept(),
    settings,
    logger,
  });
}

import { type DynamicModule, Module } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { METRICS } from '@orders/shared-events/http/metrics.controller.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { type PaymentSettings, guardOf } from '../configuration.js';
import { effectsOf } from '../effects.js';
import { LOGGER } from '../transport.module.js';
import { GuardedProvider } from './guarded-provider.js';
import { PaymentHandler } from './payment.handler.js';
import { PaymentMetrics } from './payment.metrics.js';
import { PaymentResolver } from './payment.resolver.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import { SimulatedProvider } from './simulated-provider.js';
import { SimulatedProviderModule } from './simulated-provider.module.js';
import { UnreadWebhooks } from './unread-webhooks.js';
import { watched } from './watched-provider.js';
import { WEBHOOK_SECRETS, WebhookController } from './webhook.controller.js';

export interface PaymentOptions {
  /** Where the simulated provider keeps its books. */
  readonly databaseUrl: string;
  readonly settings: PaymentSettings;
}

@Module({})
export class PaymentModule {
  static register(
    transport: DynamicModule,
    order: DynamicModule,
    { databaseUrl, settings }: PaymentOptions,
  ): DynamicModule {
    const deadlineMs = settings.PAYMENT_PROVIDER_TIMEOUT;
    const provider = SimulatedProviderModule.register(transport, { databaseUrl, settings, deadlineMs });
    return {
      module: PaymentModule,
      imports: [transport, order, provider],
      controllers: [WebhookController],
      providers: [
        {
          provide: PaymentMetrics,
          useFactory: (registry: Registry) => new PaymentMetrics(registry),
          inject: [METRICS],
        },
        {
          provide: GuardedProvider,
          useFactory: (simulated: SimulatedProvider, metrics: PaymentMetrics, logger: LogSink) =>
            watched(simulated, guardOf(settings), metrics, logger),
          inject: [SimulatedProvider, PaymentMetrics, LOGGER],
        },
        {
          provide: Payments,
          useFactory: (store: EventStore) => new Payments(effectsOf(store)),
          inject: [EventStore],
        },
        {
          provide: ProviderCalls,
          useFactory: (guard: GuardedProvider, payments: Payments, metrics: PaymentMetrics) =>
            new ProviderCalls(guard, payments, (operation) => metrics.deferred(operation)),
          inject: [GuardedProvider, Payments, PaymentMetrics],
        },
        { provide: WEBHOOK_SECRETS, useValue: settings.PAYMENT_WEBHOOK_SECRET },
        UnreadWebhooks,
        PaymentHandler,
        PaymentResolver,
      ],
      exports: [Payments, GuardedProvider, provider],
    };
  }
}

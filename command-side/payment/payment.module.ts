import { type DynamicModule, Module } from '@nestjs/common';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { PaymentSettings } from '../configuration.js';
import { effectsOf } from '../effects.js';
import { PaymentHandler } from './payment.handler.js';
import { PaymentResolver } from './payment.resolver.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import { SimulatedProvider } from './simulated-provider.js';
import { SimulatedProviderModule } from './simulated-provider.module.js';
import { WEBHOOK_SECRETS, WebhookController } from './webhook.controller.js';

const PROVIDER_DEADLINE_MS = 10_000;

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
    const deadlineMs = PROVIDER_DEADLINE_MS;
    const provider = SimulatedProviderModule.register(transport, { databaseUrl, settings, deadlineMs });
    return {
      module: PaymentModule,
      imports: [transport, order, provider],
      controllers: [WebhookController],
      providers: [
        {
          provide: Payments,
          useFactory: (store: EventStore) => new Payments(effectsOf(store)),
          inject: [EventStore],
        },
        {
          provide: ProviderCalls,
          useFactory: (provider: SimulatedProvider, payments: Payments) =>
            new ProviderCalls(provider, payments, PROVIDER_DEADLINE_MS),
          inject: [SimulatedProvider, Payments],
        },
        { provide: WEBHOOK_SECRETS, useValue: settings.PAYMENT_WEBHOOK_SECRET },
        PaymentHandler,
        PaymentResolver,
      ],
      exports: [Payments, provider],
    };
  }
}

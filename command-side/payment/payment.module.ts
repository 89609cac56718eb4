import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Pool } from 'pg';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { CommandSideConfiguration } from '../command-side.module.js';
import { effectsOf } from '../effects.js';
import { LOGGER } from '../transport.module.js';
import { PaymentHandler } from './payment.handler.js';
import { PaymentResolver } from './payment.resolver.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import { SimulatedProvider } from './simulated-provider.js';
import { WEBHOOK_SECRETS, WebhookController } from './webhook.controller.js';

const PROVIDER_DEADLINE_MS = 10_000;
const LEDGER_CONNECTIONS = 8;

@Module({})
export class PaymentModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly provider: SimulatedProvider,
    @Inject(Pool) private readonly ledger: Pool,
  ) {}

  static register(
    transport: DynamicModule,
    { databaseUrl, settings }: Pick<CommandSideConfiguration, 'databaseUrl' | 'settings'>,
  ): DynamicModule {
    return {
      module: PaymentModule,
      imports: [transport],
      controllers: [WebhookController],
      providers: [
        {
          provide: Pool,
          useFactory: (logger: LogSink) => openLedger(databaseUrl, logger),
          inject: [LOGGER],
        },
        {
          provide: SimulatedProvider,
          useFactory: (ledger: Pool) => new SimulatedProvider(ledger),
          inject: [Pool],
        },
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
      exports: [Payments, SimulatedProvider],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.provider.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ledger.end();
  }
}

function openLedger(url: string, logger: LogSink): Pool {
  const ledger = new Pool({
    connectionString: url,
    application_name: 'simulated-provider',
    max: LEDGER_CONNECTIONS,
    connectionTimeoutMillis: 5_000,
    query_timeout: PROVIDER_DEADLINE_MS,
    keepAlive: true,
  });
  ledger.on('error', (error) => logger.warn({ err: error }, 'an idle connection to the ledger failed'));
  return ledger;
}

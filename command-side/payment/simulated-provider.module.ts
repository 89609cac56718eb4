import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Pool } from 'pg';
import { CUSTOMER_ACTIONS } from '@orders/shared-events/transport/secret-paths.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { onceThere } from '@orders/shared-events/transport/once-there.js';
import { openPool } from '@orders/shared-events/transport/postgres.js';
import type { PaymentSettings } from '../configuration.js';
import { OwnAddress } from '../own-address.js';
import { LOGGER } from '../transport.module.js';
import { SimulatedActionsController } from './simulated-actions.controller.js';
import { SimulatedActions } from './simulated-actions.js';
import { SimulatedBooks } from './simulated-books.js';
import { SimulatedProvider } from './simulated-provider.js';
import { SimulatedWebhooks } from './simulated-webhooks.js';

const LEDGER_CONNECTIONS = 8;

export interface SimulatedProviderOptions {
  /** Where the provider keeps its books. */
  readonly databaseUrl: string;
  readonly settings: PaymentSettings;
  /** No statement of its takes longer, in milliseconds. */
  readonly deadlineMs: number;
}

/** The simulated payment provider with its pages for customers and its webhooks. */
@Module({})
export class SimulatedProviderModule
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly provider: SimulatedProvider,
    private readonly webhooks: SimulatedWebhooks,
    @Inject(Pool) private readonly ledger: Pool,
    @Inject(LOGGER) private readonly logger: LogSink,
  ) {}

  static register(
    transport: DynamicModule,
    { databaseUrl, settings, deadlineMs }: SimulatedProviderOptions,
  ): DynamicModule {
    return {
      module: SimulatedProviderModule,
      imports: [transport],
      controllers: [SimulatedActionsController],
      providers: [
        OwnAddress,
        {
          provide: Pool,
          useFactory: (logger: LogSink) => openLedger(databaseUrl, deadlineMs, logger),
          inject: [LOGGER],
        },
        {
          provide: SimulatedWebhooks,
          useFactory: (ledger: Pool, own: OwnAddress, logger: LogSink) =>
            new SimulatedWebhooks(ledger, webhookTarget(settings, own), logger),
          inject: [Pool, OwnAddress, LOGGER],
        },
        {
          provide: SimulatedActions,
          useFactory: (ledger: Pool, webhooks: SimulatedWebhooks) =>
            new SimulatedActions(ledger, () => webhooks.wake()),
          inject: [Pool, SimulatedWebhooks],
        },
        {
          provide: SimulatedBooks,
          useFactory: (ledger: Pool) => new SimulatedBooks(ledger),
          inject: [Pool],
        },
        {
          provide: SimulatedProvider,
          useFactory: (ledger: Pool, webhooks: SimulatedWebhooks, own: OwnAddress) =>
            new SimulatedProvider(ledger, {
              actionUrl: async (token) => `${await publicUrl(settings, own)}${CUSTOMER_ACTIONS}/${token}`,
              onNews: () => webhooks.wake(),
            }),
          inject: [Pool, SimulatedWebhooks, OwnAddress],
        },
      ],
      exports: [SimulatedProvider, SimulatedBooks],
    };
  }

  async onModuleInit(): Promise<void> {
    await onceThere(() => this.provider.start(), this.logger);
  }

  onApplicationBootstrap(): void {
    this.webhooks.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.webhooks.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ledger.end();
  }
}

const webhookTarget = (settings: PaymentSettings, own: OwnAddress) => ({
  url: async () => settings.PAYMENT_WEBHOOK_URL ?? `${await own.url()}/webhooks/payments`,
  secrets: settings.PAYMENT_WEBHOOK_SECRET,
});

/** Without the slash at its end. */
const publicUrl = async ({ PUBLIC_URL }: PaymentSettings, own: OwnAddress): Promise<string> =>
  (PUBLIC_URL ?? (await own.url())).replace(/\/$/, '');

const openLedger = (url: string, deadlineMs: number, logger: LogSink): Pool =>
  openPool({
    ...{ url, logger, name: 'simulated-provider', max: LEDGER_CONNECTIONS },
    statementTimeoutMs: deadlineMs,
  });

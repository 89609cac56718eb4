import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Callers } from '@orders/shared-events/http/access/callers.js';
import { ConfigurationError } from '@orders/shared-events/transport/configuration.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import { type AdminAddress, type AdminApi, startAdminApi } from './admin/admin-api.js';
import type { AdminOptions } from './admin/admin.module.js';
import { type ProcessSettings, conflictOf, durationsOf } from './configuration.js';
import { ProcessManagersReadiness } from './health/readiness.js';
import { migrate, openPool } from './postgres.js';
import { ProcessManagers } from './process-managers.js';

export interface ProcessManagersConfiguration {
  /** The process's own; whoever made them closes them, after this module has shut down. */
  readonly eventStore: EventStore;
  /** Connected with the topologies of commands and of integration events. */
  readonly messageBus: MessageBus;
  readonly databaseUrl: string;
  readonly settings: ProcessSettings;
  readonly admin: AdminAddress;
  readonly callers: Callers;
  readonly logger: AdminOptions['logger'];
  /** What the process tells of itself in numbers. */
  readonly metrics: Registry;
}

/** Starts and stops what runs beside the requests, and the admin API on its own port. */
@Injectable()
export class ProcessManagersLifetime
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  #admin: AdminApi | undefined;

  constructor(
    private readonly processManagers: ProcessManagers,
    private readonly pool: Pool,
    private readonly startAdmin: () => Promise<AdminApi>,
  ) {}

  /** Where the admin API listens. Throws before it does. */
  get adminUrl(): string {
    if (!this.#admin) throw new Error('the admin API does not listen yet');
    return this.#admin.url;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.processManagers.start();
    this.#admin = await this.startAdmin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#admin?.close();
    await this.processManagers.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

/** The process managers with their admin API: for a process of their own, or one that has all sides. */
@Module({})
export class ProcessManagersModule {
  /** Throws ConfigurationError where settings do not go together. */
  static register(configuration: ProcessManagersConfiguration): DynamicModule {
    const { eventStore, messageBus, databaseUrl, settings, admin, callers, logger, metrics } = configuration;
    const conflict = conflictOf(settings);
    if (conflict) throw new ConfigurationError(`${conflict.variable} ${conflict.message}`);
    const pool = openPool(databaseUrl, logger);
    const processManagers = new ProcessManagers({
      ...configuration,
      pool,
      migrate: () => migrate(databaseUrl, logger),
    });
    const readiness = new ProcessManagersReadiness({ eventStore, messageBus, pool });
    const startAdmin = () =>
      startAdminApi(
        {
          pool,
          eventStore,
          actions: processManagers.actions,
          durations: durationsOf(settings),
          readiness,
          callers,
          logger,
          metrics,
        },
        admin,
      );
    const lifetime = new ProcessManagersLifetime(processManagers, pool, startAdmin);
    const providers = [
      { provide: ProcessManagersReadiness, useValue: readiness },
      { provide: ProcessManagersLifetime, useValue: lifetime },
    ];
    return { module: ProcessManagersModule, providers, exports: providers };
  }
}

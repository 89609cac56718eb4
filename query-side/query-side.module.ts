import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { AuditLogModule } from './audit-log/audit-log.module.js';
import { Builder } from './builds/builder.js';
import { PATIENTLY_MS, createPool, openConnection } from './database/database.js';
import { ReadDatabase } from './database/read-database.js';
import { PositionFeed } from './feed/position-feed.js';
import { QuerySideReadiness } from './health/readiness.js';
import { OrdersModule } from './orders/orders.module.js';
import { ProductsModule } from './products/products.module.js';
import { ReadModelResolver } from './read-models/read-model.resolver.js';
import { readModels } from './read-models/read-models.js';
import { ReadModelsModule } from './read-models/read-models.module.js';
import { StockModule } from './stock/stock.module.js';

export interface QuerySideConfiguration {
  readonly databaseUrl: string;
  /** The process's own; whoever made it closes it, after this module has shut down. */
  readonly eventStore: EventStore;
  readonly logger: LogSink;
}

const READERS = 10;
const READ_TIMEOUT_MS = 10_000;
const WRITE_TIMEOUT_MS = 10_000;
const FEED_TIMEOUT_MS = 5_000;

/** Starts and stops what runs beside the requests. */
@Injectable()
class ReadModelsLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly builder: Builder,
    private readonly feed: PositionFeed,
    private readonly database: ReadDatabase,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.builder.start();
    this.feed.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.builder.stop(), this.feed.stop()]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.pool.end();
  }
}

/** The query side without an HTTP server or GraphQL of its own: for its own process, or one that has all sides. */
@Module({})
export class QuerySideModule {
  static register(configuration: QuerySideConfiguration): DynamicModule {
    const shared = sharedModule(configuration);
    const using = (module: DynamicModule['module']): DynamicModule => ({ module, imports: [shared] });
    return {
      module: QuerySideModule,
      imports: [
        shared,
        using(OrdersModule),
        using(ProductsModule),
        using(StockModule),
        using(AuditLogModule),
      ],
      providers: [ReadModelResolver, ReadModelsLifetime],
      exports: [shared],
    };
  }
}

function sharedModule({ databaseUrl, eventStore, logger }: QuerySideConfiguration): DynamicModule {
  const connect = (name: string, statementTimeoutMs: number) => () =>
    openConnection({ url: databaseUrl, name, logger, statementTimeoutMs });
  const database = new ReadDatabase(
    createPool({
      url: databaseUrl,
      name: 'query-side',
      logger,
      statementTimeoutMs: READ_TIMEOUT_MS,
      max: READERS,
    }),
  );
  const { contract } = readModels;
  const feed = new PositionFeed({
    connect: connect('query-side feed', FEED_TIMEOUT_MS),
    contract,
    logger,
  });
  const builder = new Builder({
    log: eventStore,
    pool: database.pool,
    connect: connect('query-side writer', WRITE_TIMEOUT_MS),
    connectPatiently: connect('query-side rebuild', PATIENTLY_MS),
    feed,
    definition: readModels,
    logger,
  });
  const readiness = new QuerySideReadiness({ eventStore, database, builder, contract, now: Date.now });
  const providers = [
    { provide: ReadDatabase, useValue: database },
    { provide: PositionFeed, useValue: feed },
    { provide: Builder, useValue: builder },
    { provide: QuerySideReadiness, useValue: readiness },
  ];
  return { module: ReadModelsModule, providers, exports: providers };
}

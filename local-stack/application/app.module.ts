import { mergeTypeDefs } from '@graphql-tools/merge';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { CommandSideModule } from '@orders/command-side/command-side.module.js';
import { CommandSideReadiness } from '@orders/command-side/health/readiness.js';
import * as commandSide from '@orders/command-side/schema.js';
import { ProcessManagersReadiness } from '@orders/process-managers/health/readiness.js';
import { ProcessManagersModule } from '@orders/process-managers/process-managers.module.js';
import { GraphiqlModule } from '@orders/query-side/graphiql/graphiql.module.js';
import { QuerySideReadiness } from '@orders/query-side/health/readiness.js';
import { QuerySideModule } from '@orders/query-side/query-side.module.js';
import * as querySide from '@orders/query-side/schema.js';
import { AccessModule } from '@orders/shared-events/http/access/access.module.js';
import type { Callers } from '@orders/shared-events/http/access/callers.js';
import { graphqlApi } from '@orders/shared-events/http/graphql-api.js';
import {
  HealthController,
  READINESS_CHECKS,
  type ReadinessCheck,
} from '@orders/shared-events/http/health.controller.js';
import { MalformedRequestFilter } from '@orders/shared-events/http/malformed-request.filter.js';
import { METRICS, MetricsController } from '@orders/shared-events/http/metrics.controller.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { frameworkLogging } from '@orders/shared-events/transport/observability.js';
import { print } from 'graphql';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Configuration } from './configuration.js';

export interface Connections {
  readonly eventStore: EventStore;
  readonly messageBus: MessageBus;
  readonly callers: Callers;
  readonly logger: Logger;
  readonly metrics: Registry;
}

/** The three sides in one process: one schema on one public port, the admin API on its own. */
@Module({})
export class AppModule {
  static register(
    configuration: Configuration,
    { eventStore, messageBus, callers, logger, metrics }: Connections,
  ): DynamicModule {
    const databaseUrl = configuration.DATABASE_URL;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(frameworkLogging(logger)),
        AccessModule.register(callers),
        CommandSideModule.register({
          eventStore,
          messageBus,
          databaseUrl,
          settings: configuration,
          logger,
          metrics,
        }),
        QuerySideModule.register({ eventStore, databaseUrl, logger }),
        ProcessManagersModule.register({
          eventStore,
          messageBus,
          databaseUrl,
          settings: configuration,
          admin: { port: configuration.ADMIN_PORT, host: configuration.BIND_ADDRESS },
          callers,
          logger,
          metrics,
        }),
        graphql(callers, logger, configuration.NODE_ENV === 'production'),
        GraphiqlModule.register(configuration.GRAPHIQL_TOKEN),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: APP_FILTER, useClass: MalformedRequestFilter },
        { provide: METRICS, useValue: metrics },
        {
          provide: READINESS_CHECKS,
          inject: [CommandSideReadiness, QuerySideReadiness, ProcessManagersReadiness],
          useFactory: allChecks,
        },
      ],
    };
  }
}

const graphql = (callers: Callers, logger: Logger, isSchemaHidden: boolean): DynamicModule =>
  graphqlApi({
    typeDefs: print(mergeTypeDefs([commandSide.typeDefs, querySide.typeDefs])),
    scalars: { ...commandSide.scalarResolvers, ...querySide.scalarResolvers },
    subscriptions: true,
    isSchemaHidden,
    callers,
    logger,
  });

/** What several sides need is asked once. */
function allChecks(...sides: readonly { readonly checks: readonly ReadinessCheck[] }[]): ReadinessCheck[] {
  const byName = new Map(sides.flatMap(({ checks }) => checks).map((check) => [check.name, check]));
  return [...byName.values()];
}

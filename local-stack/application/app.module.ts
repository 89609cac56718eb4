import { mergeTypeDefs } from '@graphql-tools/merge';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import { CommandSideModule } from '@orders/command-side/command-side.module.js';
import { MalformedRequestFilter } from '@orders/command-side/malformed-request.filter.js';
import * as commandSide from '@orders/command-side/schema.js';
import { ProcessManagersModule } from '@orders/process-managers/process-managers.module.js';
import { GraphiqlModule } from '@orders/query-side/graphiql/graphiql.module.js';
import { formatError, subscriptionErrors } from '@orders/query-side/graphql/errors.js';
import { QuerySideModule } from '@orders/query-side/query-side.module.js';
import * as querySide from '@orders/query-side/schema.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { httpLogging } from '@orders/shared-events/transport/observability.js';
import { print } from 'graphql';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import type { Configuration } from './configuration.js';
import { HealthController } from './health.controller.js';

export interface Connections {
  readonly eventStore: EventStore;
  readonly messageBus: MessageBus;
  readonly logger: Logger;
}

/** The three sides in one process: one schema on one public port, the admin API on its own. */
@Module({})
export class AppModule {
  static register(
    configuration: Configuration,
    { eventStore, messageBus, logger }: Connections,
  ): DynamicModule {
    const databaseUrl = configuration.DATABASE_URL;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(httpLogging(logger)),
        CommandSideModule.register({ eventStore, messageBus, databaseUrl, logger }),
        QuerySideModule.register({ eventStore, databaseUrl, logger }),
        ProcessManagersModule.register({
          eventStore,
          messageBus,
          databaseUrl,
          settings: configuration,
          admin: { port: configuration.ADMIN_PORT, host: configuration.BIND_ADDRESS },
          logger,
        }),
        graphql(logger),
        GraphiqlModule,
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_FILTER, useClass: MalformedRequestFilter }],
    };
  }
}

const graphql = (logger: Logger): DynamicModule =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    path: '/graphql',
    typeDefs: print(mergeTypeDefs([commandSide.typeDefs, querySide.typeDefs])),
    resolvers: { ...commandSide.scalarResolvers, ...querySide.scalarResolvers },
    graphiql: false,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    formatError: formatError(logger),
    subscriptions: { 'graphql-ws': { path: '/graphql', ...subscriptionErrors(logger) } },
  });

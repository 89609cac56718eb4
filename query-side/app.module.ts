import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import { httpLogging } from '@orders/shared-events/transport/observability.js';
import { GraphiqlModule } from './graphiql/graphiql.module.js';
import { formatError, subscriptionErrors } from './graphql/errors.js';
import { GraphqlRequestFilter } from './graphql/request.filter.js';
import { HealthController } from './health/health.controller.js';
import { type QuerySideConfiguration, QuerySideModule } from './query-side.module.js';
import { scalarResolvers, typeDefs } from './schema.js';

export interface AppConfiguration extends QuerySideConfiguration {
  readonly logger: Parameters<typeof httpLogging>[0];
}

/** The query side as a process of its own. */
@Module({})
export class AppModule {
  static register(configuration: AppConfiguration): DynamicModule {
    const { logger } = configuration;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(httpLogging(logger)),
        QuerySideModule.register(configuration),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          path: '/graphql',
          typeDefs,
          resolvers: scalarResolvers,
          graphiql: false,
          introspection: true,
          includeStacktraceInErrorResponses: false,
          formatError: formatError(logger),
          subscriptions: { 'graphql-ws': { path: '/graphql', ...subscriptionErrors(logger) } },
        }),
        GraphiqlModule,
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_FILTER, useClass: GraphqlRequestFilter }],
    };
  }
}

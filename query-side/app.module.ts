import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import { graphqlApi } from '@orders/shared-events/http/graphql-api.js';
import { HealthController, READINESS_CHECKS } from '@orders/shared-events/http/health.controller.js';
import { MalformedRequestFilter } from '@orders/shared-events/http/malformed-request.filter.js';
import { frameworkLogging } from '@orders/shared-events/transport/observability.js';
import { GraphiqlModule } from './graphiql/graphiql.module.js';
import { QuerySideReadiness } from './health/readiness.js';
import { type QuerySideConfiguration, QuerySideModule } from './query-side.module.js';
import { scalarResolvers, typeDefs } from './schema.js';

export interface AppConfiguration extends QuerySideConfiguration {
  readonly logger: Parameters<typeof frameworkLogging>[0];
}

/** The query side as a process of its own. */
@Module({})
export class AppModule {
  static register(configuration: AppConfiguration): DynamicModule {
    const { logger } = configuration;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(frameworkLogging(logger)),
        QuerySideModule.register(configuration),
        graphqlApi({ typeDefs, scalars: scalarResolvers, subscriptions: true, logger }),
        GraphiqlModule,
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HealthController],
      providers: [
        { provide: APP_FILTER, useClass: MalformedRequestFilter },
        {
          provide: READINESS_CHECKS,
          inject: [QuerySideReadiness],
          useFactory: ({ checks }: QuerySideReadiness) => checks,
        },
      ],
    };
  }
}

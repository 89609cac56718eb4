import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import { AccessModule } from '@orders/shared-events/http/access/access.module.js';
import type { Callers } from '@orders/shared-events/http/access/callers.js';
import { graphqlApi } from '@orders/shared-events/http/graphql-api.js';
import { HealthController, READINESS_CHECKS } from '@orders/shared-events/http/health.controller.js';
import { MalformedRequestFilter } from '@orders/shared-events/http/malformed-request.filter.js';
import { frameworkLogging } from '@orders/shared-events/transport/observability.js';
import { GraphiqlModule } from './graphiql/graphiql.module.js';
import { QuerySideReadiness } from './health/readiness.js';
import { type QuerySideConfiguration, QuerySideModule } from './query-side.module.js';
import { scalarResolvers, typeDefs } from './schema.js';

export interface AppConfiguration extends QuerySideConfiguration {
  readonly callers: Callers;
  readonly isSchemaHidden: boolean;
  /** What GraphiQL has filled in. */
  readonly graphiqlToken?: string | undefined;
  readonly logger: Parameters<typeof frameworkLogging>[0];
}

/** The query side as a process of its own. */
@Module({})
export class AppModule {
  static register(configuration: AppConfiguration): DynamicModule {
    const { logger, callers, isSchemaHidden } = configuration;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(frameworkLogging(logger)),
        AccessModule.register(callers),
        QuerySideModule.register(configuration),
        graphqlApi({
          typeDefs,
          scalars: scalarResolvers,
          subscriptions: true,
          isSchemaHidden,
          callers,
          logger,
        }),
        GraphiqlModule.register(configuration.graphiqlToken),
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

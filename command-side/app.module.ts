import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { AccessModule } from '@orders/shared-events/http/access/access.module.js';
import type { Callers } from '@orders/shared-events/http/access/callers.js';
import { graphqlApi } from '@orders/shared-events/http/graphql-api.js';
import { HealthController, READINESS_CHECKS } from '@orders/shared-events/http/health.controller.js';
import { MalformedRequestFilter } from '@orders/shared-events/http/malformed-request.filter.js';
import { METRICS, MetricsController } from '@orders/shared-events/http/metrics.controller.js';
import { LoggerModule } from 'nestjs-pino';
import { type createLogger, frameworkLogging } from '@orders/shared-events/transport/observability.js';
import { type CommandSideConfiguration, CommandSideModule } from './command-side.module.js';
import { CommandSideReadiness } from './health/readiness.js';
import { scalarResolvers, typeDefs } from './schema.js';

export interface AppConfiguration extends CommandSideConfiguration {
  readonly callers: Callers;
  readonly isSchemaHidden: boolean;
  readonly logger: ReturnType<typeof createLogger>;
}

/** The command side as a process of its own. */
@Module({})
export class AppModule {
  static register(configuration: AppConfiguration): DynamicModule {
    const { logger, metrics, callers, isSchemaHidden } = configuration;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(frameworkLogging(logger)),
        AccessModule.register(callers),
        CommandSideModule.register(configuration),
        graphqlApi({
          typeDefs,
          scalars: scalarResolvers,
          subscriptions: false,
          isSchemaHidden,
          callers,
          logger,
        }),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: APP_FILTER, useClass: MalformedRequestFilter },
        { provide: METRICS, useValue: metrics },
        {
          provide: READINESS_CHECKS,
          inject: [CommandSideReadiness],
          useFactory: ({ checks }: CommandSideReadiness) => checks,
        },
      ],
    };
  }
}

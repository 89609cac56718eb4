import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import { type createLogger, httpLogging } from '@orders/shared-events/transport/observability.js';
import { type CommandSideConfiguration, CommandSideModule } from './command-side.module.js';
import { formatError } from './graphql-errors.js';
import { HealthController } from './health/health.controller.js';
import { MalformedRequestFilter } from './malformed-request.filter.js';
import { scalarResolvers, typeDefs } from './schema.js';

export interface AppConfiguration extends CommandSideConfiguration {
  readonly logger: ReturnType<typeof createLogger>;
}

/** The command side as a process of its own. */
@Module({})
export class AppModule {
  static register(configuration: AppConfiguration): DynamicModule {
    const { logger } = configuration;
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(httpLogging(logger)),
        CommandSideModule.register(configuration),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          path: '/graphql',
          typeDefs,
          resolvers: scalarResolvers,
          graphiql: false,
          introspection: true,
          includeStacktraceInErrorResponses: false,
          formatError: formatError(logger),
        }),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_FILTER, useClass: MalformedRequestFilter }],
    };
  }
}

import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { GraphQLScalarType } from 'graphql';
import type { LogSink } from '../transport/observability.js';
import type { Callers } from './access/callers.js';
import { formatError } from './graphql-errors.js';
import { GraphqlSockets, SOCKET_OPTIONS } from './graphql-sockets.js';
import { costPlugin } from './limits/cost.plugin.js';
import { limitRules, parseOptions } from './limits/query-limits.js';

const PATH = '/graphql';

export interface GraphqlApi {
  /** Schema definition language. */
  readonly typeDefs: string;
  readonly scalars: Readonly<Record<string, GraphQLScalarType>>;
  /** Over graphql-ws, on the same path. */
  readonly subscriptions: boolean;
  /** In production: no introspection, and no word about what a slip of the pen may have meant. */
  readonly isSchemaHidden: boolean;
  readonly callers: Callers;
  readonly logger: LogSink;
}

@Module({})
class GraphqlApiModule {}

/** Apollo on /graphql, with errors that tell a code and a correlation id, and never what the inside looks like. */
export function graphqlApi({
  typeDefs,
  scalars,
  subscriptions,
  isSchemaHidden,
  callers,
  logger,
}: GraphqlApi): DynamicModule {
  const apollo = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    path: PATH,
    typeDefs,
    resolvers: scalars,
    graphiql: false,
    introspection: !isSchemaHidden,
    hideSchemaDetailsFromClientErrors: isSchemaHidden,
    // Filters that are set on a resolver's class are for its fields too.
    fieldResolverEnhancers: ['filters'],
    includeStacktraceInErrorResponses: false,
    formatError: formatError(logger),
    validationRules: [...limitRules],
    parseOptions,
    plugins: [costPlugin],
  });
  const sockets = [
    GraphqlSockets,
    { provide: SOCKET_OPTIONS, useValue: { path: PATH, isSchemaHidden, callers, logger } },
  ];
  return { module: GraphqlApiModule, imports: [apollo], providers: subscriptions ? sockets : [] };
}

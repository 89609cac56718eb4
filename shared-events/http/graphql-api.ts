import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { GraphQLScalarType } from 'graphql';
import type { LogSink } from '../transport/observability.js';
import type { Callers } from './access/callers.js';
import { formatError } from './graphql-errors.js';
import { subscriptionsOnly } from './graphql-subscriptions.js';

const PATH = '/graphql';

export interface GraphqlApi {
  /** Schema definition language. */
  readonly typeDefs: string;
  readonly scalars: Readonly<Record<string, GraphQLScalarType>>;
  /** Over graphql-ws, on the same path. */
  readonly subscriptions: boolean;
  readonly callers: Callers;
  readonly logger: LogSink;
}

/** Apollo on /graphql, with errors that tell a code and a correlation id, and never what the inside looks like. */
export const graphqlApi = ({
  typeDefs,
  scalars,
  subscriptions,
  callers,
  logger,
}: GraphqlApi): DynamicModule =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    path: PATH,
    typeDefs,
    resolvers: scalars,
    graphiql: false,
    introspection: true,
    // Filters that are set on a resolver's class are for its fields too.
    fieldResolverEnhancers: ['filters'],
    includeStacktraceInErrorResponses: false,
    formatError: formatError(logger),
    ...(subscriptions
      ? { subscriptions: { 'graphql-ws': { path: PATH, ...subscriptionsOnly(callers, logger) } } }
      : {}),
  });

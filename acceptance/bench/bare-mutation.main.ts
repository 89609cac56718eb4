/**
 * The bare limit of placing an order: Nest and Apollo with our schema and our logging, and one raw append.
 *
 * BARE_EVENT is an OrderPlaced event as ours writes it, {type, data, metadata}: the same bytes go to the store.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, type JSONType, NO_STREAM, jsonEvent } from '@eventstore/db-client';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, GraphQLModule, Mutation, Resolver } from '@nestjs/graphql';
import { scalarResolvers, typeDefs } from '@orders/command-side/schema.js';
import { accessLog, createLogger, frameworkLogging } from '@orders/shared-events/transport/observability.js';
import { Logger, LoggerModule } from 'nestjs-pino';

interface BareEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, JSONType>>;
  readonly metadata: Readonly<Record<string, JSONType>>;
}

const { EVENTSTORE_URL = '', BARE_EVENT = '', LOG_LEVEL = 'info', PORT = '0' } = process.env;
const { type, data, metadata } = JSON.parse(BARE_EVENT) as BareEvent;
const client = EventStoreDBClient.connectionString(EVENTSTORE_URL);
const logger = createLogger({ name: 'bare-mutation', level: LOG_LEVEL });

@Resolver()
class BareResolver {
  @Mutation()
  async placeOrder(@Args('input') _input: unknown) {
    const orderId = randomUUID();
    const event = jsonEvent({ id: randomUUID(), type, data: { ...data, orderId }, metadata });
    const { position } = await client.appendToStream(`order-${orderId}`, event, {
      expectedRevision: NO_STREAM,
    });
    return {
      __typename: 'OrderAccepted',
      orderId,
      position: String(position?.commit ?? 0n),
      repeated: false,
      total: data['total'],
      currency: data['currency'],
    };
  }
}

@Module({
  imports: [
    LoggerModule.forRoot(frameworkLogging(logger)),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      path: '/graphql',
      typeDefs,
      resolvers: scalarResolvers,
      graphiql: false,
      introspection: true,
      includeStacktraceInErrorResponses: false,
    }),
  ],
  providers: [BareResolver],
})
class BareModule {}

const app = await NestFactory.create(BareModule, { bufferLogs: true, abortOnError: false });
app.useLogger(app.get(Logger));
app.use(accessLog(logger));
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
await app.listen(PORT, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ listening: await app.getUrl(), pid: process.pid })}\n`);

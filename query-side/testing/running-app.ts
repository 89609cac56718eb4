import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ADMIN } from '@orders/shared-events/testing/access.js';
import { callersOfSpecs } from '@orders/shared-events/testing/callers.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import type { Real } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { requestLogging } from '@orders/shared-events/transport/observability.js';
import { AppModule } from '../app.module.js';
import { History } from './history.js';
import { type BackEnds, backEnds } from './servers.js';

export interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

/** The query side as its users meet it, on back ends of its own, with a history to be written into its log. */
export class RunningApp {
  readonly history: History;
  /** By who asks. */
  readonly #sockets = new Map<string, Client>();

  private constructor(
    private readonly servers: BackEnds,
    readonly nest: INestApplication,
    readonly url: string,
  ) {
    this.history = new History(servers.eventStore);
  }

  static async start(real: Real): Promise<RunningApp> {
    const servers = await backEnds(real);
    const databaseUrl = await servers.database();
    const app = await NestFactory.create(
      AppModule.register({
        databaseUrl,
        eventStore: servers.eventStore,
        callers: callersOfSpecs(),
        isSchemaHidden: false,
        logger: silent,
      }),
      { logger: false, abortOnError: false },
    );
    app.use(requestLogging(silent));
    await app.listen(0, '127.0.0.1');
    return new RunningApp(servers, app, await app.getUrl());
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.values()) await client.dispose();
    await this.nest.close();
    await this.servers.stop();
  }

  post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ADMIN, ...headers },
      body,
    });
  }

  async ask(query: string, variables: object = {}): Promise<Answer> {
    const response = await this.post(JSON.stringify({ query, variables }));
    return (await response.json()) as Answer;
  }

  /** Throws where the answer has errors. */
  async data<T>(query: string, variables: object = {}): Promise<T> {
    const { data, errors } = await this.ask(query, variables);
    if (errors) throw new Error(JSON.stringify(errors));
    return data as T;
  }

  /** What a subscription says, as it says it. */
  subscribe(query: string, variables: Record<string, unknown>): AsyncIterableIterator<Answer> {
    return this.subscribeAs(ADMIN, query, variables);
  }

  subscribeAs(
    who: { readonly authorization: string },
    query: string,
    variables: Record<string, unknown>,
  ): AsyncIterableIterator<Answer> {
    return this.#socketOf(who).iterate({ query, variables }) as AsyncIterableIterator<Answer>;
  }

  #socketOf(who: { readonly authorization: string }): Client {
    const url = `${this.url.replace('http', 'ws')}/graphql`;
    const client =
      this.#sockets.get(who.authorization) ??
      createClient({ url, webSocketImpl: WebSocket, connectionParams: { ...who } });
    this.#sockets.set(who.authorization, client);
    return client;
  }

  /** Until everything that was written so far can be read. */
  async caughtUp(): Promise<void> {
    const head = await this.servers.eventStore.head();
    await until(async () => {
      const { readModel } = await this.data<{ readModel: { position: string | null } }>(
        '{ readModel { position } }',
      );
      return BigInt(readModel.position ?? -1) >= head;
    });
  }
}

import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { LogSink } from '../transport/observability.js';
import type { Callers } from './access/callers.js';
import { subscriptionsOnly } from './graphql-subscriptions.js';
import { validateWithin } from './limits/query-limits.js';

/** As much as a request over HTTP may have. */
const MOST_BYTES = 102_400;

export interface SocketOptions {
  readonly path: string;
  readonly isSchemaHidden: boolean;
  readonly callers: Callers;
  readonly logger: LogSink;
}
export const SOCKET_OPTIONS = Symbol('socket options');

/**
 * What a client does wrong, e.g. a message that is too large, has ended its connection, with a code that says so, before
 * this is told. It is no error of ours, which graphql-ws would take it for, in lines of its own on standard error.
 */
class ClientSocket extends WebSocket {
  override emit(event: string | symbol, ...told: unknown[]): boolean {
    return event === 'error' || super.emit(event, ...told);
  }
}

/** Subscriptions over graphql-ws, on the path of GraphQL, within the limits of what comes over HTTP. */
@Injectable()
export class GraphqlSockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #stop: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly schema: GraphQLSchemaHost,
    @Inject(SOCKET_OPTIONS) private readonly options: SocketOptions,
  ) {}

  onApplicationBootstrap(): void {
    const { path, isSchemaHidden, callers, logger } = this.options;
    const { schema } = this.schema;
    const sockets = new WebSocketServer({
      ...{ path, noServer: true, maxPayload: MOST_BYTES },
      WebSocket: ClientSocket,
    });
    const served = useServer(
      {
        schema,
        validate: validateWithin(isSchemaHidden),
        // As over HTTP: what stands for the request is the connection that it came by.
        context: (connection) => ({ req: connection }),
        ...subscriptionsOnly({ schema, isSchemaHidden, callers, logger }),
      },
      sockets,
    );
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!sockets.shouldHandle(request)) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request));
    };
    const server = this.http.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', upgrade);
    this.#stop = async () => {
      server.off('upgrade', upgrade);
      await served.dispose();
    };
  }

  /** A connection that waits for news would keep the server from closing. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#stop();
  }
}

import { Server, ServerCredentials } from '@grpc/grpc-js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { appendHandler } from './append.js';
import { Appender } from './appender.js';
import { batchAppendHandler } from './batch-append.js';
import { deleteHandler, tombstoneHandler } from './delete.js';
import { lockDirectory } from './dir-lock.js';
import { shuttingDown } from './errors.js';
import { EventLog } from './event-log.js';
import { OpenCalls } from './open-calls.js';
import { readHandler } from './read.js';
import { supportedMethods } from './server-features.js';
import { Watchers } from './watchers.js';

export interface EventStoreOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** Where the events are; created when it does not exist. */
  readonly dir: string;
}

export interface RunningEventStore {
  /** For EventStoreDBClient.connectionString. */
  readonly url: string;
  readonly port: number;
  /** Finishes the appends under way, ends all streams with CANCELLED, and closes the log. */
  stop(): Promise<void>;
}

/** A client may send 1 MiB of events in one message, and the refusal of somewhat more should reach it. */
const LARGEST_MESSAGE = 17 * 1024 * 1024;
const HOST = '127.0.0.1';

/** Read's responses come from disk as they are sent. */
const STREAMS = {
  ...streamsService.StreamsService,
  read: { ...streamsService.StreamsService.read, responseSerialize: (response: Buffer) => response },
};

/**
 * Starts an EventStoreDB-compatible single node within this process. Throws when another one uses
 * `dir`, when what is there is no log, or when the port is taken; nothing stays open then.
 */
export async function startEventStore({ port, dir }: EventStoreOptions): Promise<RunningEventStore> {
  const unlock = lockDirectory(dir);
  let log: EventLog | undefined;
  try {
    log = EventLog.open(dir);
    const node = new Node(log);
    const boundPort = await node.listen(port);
    return {
      url: `esdb://${HOST}:${boundPort}?tls=false`,
      port: boundPort,
      stop: () => node.stop().finally(unlock),
    };
  } catch (error) {
    await log?.close();
    unlock();
    throw error;
  }
}

/** How long a stop waits for clients to take their last answers. */
const GRACE_MS = 1_000;

class Node {
  private readonly server = new Server({ 'grpc.max_receive_message_length': LARGEST_MESSAGE });
  private readonly watchers = new Watchers();
  private readonly appender: Appender;
  private readonly calls = new OpenCalls();
  private stopped: Promise<void> | undefined;

  constructor(private readonly log: EventLog) {
    this.appender = new Appender(log, (entries) => this.watchers.notify(entries));
    this.server.addService(featuresService.ServerFeaturesService, { getSupportedMethods: supportedMethods });
    this.server.addService(STREAMS, {
      read: this.calls.tracking(readHandler(log, this.watchers)),
      append: appendHandler(this.appender),
      batchAppend: this.calls.tracking(batchAppendHandler(this.appender)),
      delete: deleteHandler(this.appender),
      tombstone: tombstoneHandler(this.appender),
    });
  }

  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${HOST}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
        if (error === null) resolve(boundPort);
        else if (error.message.includes('EADDRINUSE')) reject(new Error(`port ${port} is taken`));
        else reject(new Error(`cannot listen on ${HOST}:${port}: ${error.message}`));
      });
    });
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    await this.appender.stop();
    this.calls.end(shuttingDown());
    const force = setTimeout(() => this.server.forceShutdown(), GRACE_MS);
    await closed;
    clearTimeout(force);
    await this.log.close();
  }
}

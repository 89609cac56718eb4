import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { onlyFor, type Users } from './access.js';
import { appendHandler } from './append.js';
import { Appender } from './appender.js';
import { batchAppendHandler } from './batch-append.js';
import { decodeBatchAppend } from './batch-append-wire.js';
import { deleteHandler, tombstoneHandler } from './delete.js';
import { lockDirectory } from './dir-lock.js';
import { shuttingDown } from './errors.js';
import { EventLog } from './event-log.js';
import { gossipHandler } from './gossip.js';
import { OpenCalls } from './open-calls.js';
import { readHandler } from './read.js';
import { supportedMethods } from './server-features.js';
import { Watchers } from './watchers.js';

export interface EventStoreOptions {
  /** A free one when it is 0 or left out. */
  readonly port?: number | undefined;
  /**
   * Where the events are; created when it does not exist. When it is left out they are in a temporary folder,
   * are never synced to disk, and are gone after the stop.
   */
  readonly dir?: string | undefined;
  /** Certificate and private key as PEM. Without them connections are not encrypted. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Hears what an operator should: the disk refused a write, or what is read from it is damaged. */
  readonly onFault?: ((fault: Error) => void) | undefined;
  /** Who may use it. Everybody, when it is left out. Needs `tls`: clients send no password without. */
  readonly users?: Users | undefined;
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

const asIs = (encoded: Buffer): Buffer => encoded;
const { StreamsService } = streamsService;

/** Read's responses come from disk as they are sent. */
const STREAMS = {
  ...StreamsService,
  read: { ...StreamsService.read, responseSerialize: asIs },
  batchAppend: {
    ...StreamsService.batchAppend,
    requestDeserialize: decodeBatchAppend,
    responseSerialize: asIs,
  },
};

/**
 * Starts an EventStoreDB-compatible single node within this process. Throws when another one
 * uses `dir` and does not end within five seconds, when what is there is no log, or when the port is taken;
 * nothing stays open then.
 */
export async function startEventStore(options: EventStoreOptions = {}): Promise<RunningEventStore> {
  if (options.users !== undefined && options.tls === undefined)
    throw new Error('users need TLS: without it clients send no passwords');
  const { dir, leave } = await takeFolder(options.dir);
  let log: EventLog | undefined;
  try {
    log = EventLog.open(dir, { durable: options.dir !== undefined });
    const node = new Node(log, options);
    const port = await node.listen(options.port ?? 0);
    return {
      url: `esdb://${HOST}:${port}?tls=${options.tls !== undefined}`,
      port,
      stop: () => node.stop().finally(leave),
    };
  } catch (error) {
    await log?.close();
    leave();
    throw error;
  }
}

/**
 * Reads every event of the log in `dir` and looks each up as its stream has it.
 * @returns how many there are, and what is damaged, a line each: the first hundred
 */
export async function checkEventStore(
  dir: string,
): Promise<{ readonly events: number; readonly damages: readonly string[] }> {
  const unlock = await lockDirectory(dir);
  try {
    const log = EventLog.open(dir);
    const damages: string[] = [];
    for (const damage of log.damages()) if (damages.push(damage) === MOST_DAMAGES) break;
    const events = log.head;
    await log.close();
    return { events, damages };
  } finally {
    unlock();
  }
}

const MOST_DAMAGES = 100;

/** How long a node waits for the one before it to end: what that one's stop may take, with some to spare. */
const PATIENCE_MS = 5_000;

/** The folder for this process alone, until `leave`. */
async function takeFolder(
  asked: string | undefined,
): Promise<{ readonly dir: string; readonly leave: () => void }> {
  if (asked !== undefined) return { dir: asked, leave: await lockDirectory(asked, PATIENCE_MS) };
  const dir = mkdtempSync(join(tmpdir(), 'event-store-'));
  return { dir, leave: () => rmSync(dir, { recursive: true, force: true }) };
}

/** How long a stop waits for clients to take their last answers. */
const GRACE_MS = 1_000;

/** A client that is gone without a word (its machine, or the way to it) is noticed within these two together. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 10_000 };

class Node {
  private readonly server: Server;
  private readonly credentials: ServerCredentials;
  private readonly watchers = new Watchers();
  private readonly appender: Appender;
  private readonly calls = new OpenCalls();
  private port = 0;
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly log: EventLog,
    { tls, users, onFault = () => undefined }: EventStoreOptions,
  ) {
    this.credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
    this.server = new Server({
      'grpc.max_receive_message_length': LARGEST_MESSAGE,
      ...KEEPALIVE,
      interceptors: users === undefined ? [] : [onlyFor(users)],
    });
    this.appender = new Appender(log, (entries) => this.watchers.notify(entries), onFault);
    this.server.addService(featuresService.ServerFeaturesService, { getSupportedMethods: supportedMethods });
    this.server.addService(gossipService.GossipService, {
      read: gossipHandler(() => ({ host: HOST, port: this.port })),
    });
    this.server.addService(STREAMS, {
      read: this.calls.tracking(readHandler(log, this.watchers, onFault)),
      append: appendHandler(this.appender),
      batchAppend: this.calls.tracking(batchAppendHandler(this.appender)),
      delete: deleteHandler(this.appender),
      tombstone: tombstoneHandler(this.appender),
    });
  }

  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${HOST}:${port}`, this.credentials, (error, boundPort) => {
        this.port = boundPort;
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

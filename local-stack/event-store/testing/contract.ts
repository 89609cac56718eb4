import { afterAll, afterEach, beforeAll, describe, test } from '@jest/globals';
import {
  type ANY,
  type NO_STREAM,
  type STREAM_EXISTS,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { Listener, type Subscription } from './listener.js';
import {
  connect,
  EMBEDDED,
  eventsOf,
  failureOf,
  newStream,
  type NodeUnderTest,
  nodesUnderTest,
  numbered,
  numbersOf,
} from './node-under-test.js';

export type Expected = bigint | typeof ANY | typeof NO_STREAM | typeof STREAM_EXISTS;

/** With credentials of its own an append goes through Append, without them through BatchAppend. */
export const APPEND_METHODS = [
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

/**
 * Declares tests that hold for EventStoreDB as well as for the embedded node, and runs them against the
 * nodes under test. They use the client's public methods only, and no stream that another test uses: the
 * node may be shared and old.
 */
export function contract(subject: string, declare: (node: ConnectedNode) => void): void {
  describe.each(nodesUnderTest())(`${subject} %s`, (name, start) => {
    const node = new ConnectedNode(name === EMBEDDED);
    beforeAll(() => node.open(start));
    afterEach(() => node.unsubscribe());
    afterAll(() => node.close());
    declare(node);
  });
}

export class ConnectedNode {
  private readonly listeners: Listener[] = [];
  private connected: { readonly node: NodeUnderTest; readonly client: EventStoreDBClient } | undefined;

  constructor(private readonly embedded: boolean) {}

  /** A test of a known difference: for the embedded node only, and named after what EventStoreDB does. */
  get differing(): typeof test | typeof test.skip {
    return this.embedded ? test : test.skip;
  }

  get client(): EventStoreDBClient {
    return this.opened.client;
  }

  /** For further clients. */
  get url(): string {
    return this.opened.node.url;
  }

  private get opened() {
    if (this.connected === undefined) throw new Error('the node is not started');
    return this.connected;
  }

  async open(start: () => Promise<NodeUnderTest>): Promise<void> {
    const node = await start();
    this.connected = { node, client: connect(node.url) };
  }

  async close(): Promise<void> {
    const { node, client } = this.opened;
    await client.dispose();
    await node.stop();
  }

  /** A new stream with `count` numbered events. */
  async streamOf(count: number): Promise<string> {
    const stream = newStream();
    await this.client.appendToStream(stream, numbered(count));
    return stream;
  }

  /** The numbers that a stream shows. */
  async numbersIn(stream: string): Promise<unknown[]> {
    return numbersOf(await eventsOf(this.client.readStream(stream)));
  }

  /** Listens until the test ends. */
  listen(subscription: Subscription): Listener {
    const listener = new Listener(subscription);
    this.listeners.push(listener);
    return listener;
  }

  async unsubscribe(): Promise<void> {
    await Promise.all(this.listeners.splice(0).map(({ subscription }) => subscription.unsubscribe()));
  }
}

/** The refusal that an append or a deletion is answered with; throws what else it fails with. */
export async function refusalOf(change: Promise<unknown>): Promise<WrongExpectedVersionError> {
  const error = await failureOf(change);
  if (!(error instanceof WrongExpectedVersionError)) throw error;
  return error;
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Duplex } from 'node:stream';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type Server, brokerOf, serverRows } from '../testing/servers.js';
import { Publisher } from './publisher.js';

const EXCHANGE = 'amq.topic';

describe.each(serverRows('RABBITMQ_URL'))('a publisher on %s', (_title, real) => {
  let server: Server;
  let publisher: Publisher;
  const connections: ChannelModel[] = [];

  beforeAll(async () => {
    server = await brokerOf(real);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    publisher = new Publisher();
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close().catch(() => undefined)));
  });

  /** A channel that is full after a few messages. `written` hears of each, and whether there is room for more. */
  async function narrow(written: (hasRoom: boolean) => void = () => undefined): Promise<ConfirmChannel> {
    const connection = await connect(server.url);
    connections.push(connection);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel({ highWaterMark: 1 });
    const publish = channel.publish.bind(channel);
    channel.publish = (...message) => {
      const hasRoom = publish(...message);
      written(hasRoom);
      return hasRoom;
    };
    return channel;
  }

  const publishes = (count: number) =>
    Array.from({ length: count }, () => publisher.publish(EXCHANGE, 'nobody.listens', Buffer.from('{}')));

  it('writes no more to a channel that is full before it has drained, however many have waited', async () => {
    const [fills, tooMany] = [{ count: 0 }, { count: 0 }];
    let isFull = false;
    const channel = await narrow((hasRoom) => {
      if (isFull) tooMany.count += 1;
      if (!hasRoom) fills.count += 1;
      isFull = !hasRoom;
    });
    channel.on('drain', () => (isFull = false));
    publisher.use(channel);
    const listeners = () => ['drain', 'close', 'error'].map((event) => channel.listenerCount(event));
    const before = listeners();
    await Promise.all(publishes(200));
    expect(tooMany.count).toBe(0);
    expect(fills.count).toBeGreaterThan(10);
    expect(listeners()).toEqual(before);
  });

  it('has what waited for room go over the next channel where theirs ends', async () => {
    let written = 0;
    const first = await narrow((hasRoom) => {
      written += 1;
      if (!hasRoom) cut(first);
    });
    const ended = new Promise((resolve) => first.once('close', resolve));
    publisher.use(first);
    const outcomes = Promise.allSettled(publishes(50));
    await ended;
    expect(publisher.isOpen).toBe(false);
    publisher.use(await narrow());
    const failed = (await outcomes).filter(({ status }) => status === 'rejected');
    expect(written).toBeLessThan(50);
    expect(failed).toHaveLength(written);
  });

  it('keeps to a channel that came before the end of the one before', async () => {
    const first = await narrow();
    publisher.use(first);
    publisher.use(await narrow());
    await first.close();
    expect(publisher.isOpen).toBe(true);
    await Promise.all(publishes(1));
  });
});

function cut(channel: ConfirmChannel): void {
  const { stream } = channel.connection as unknown as { readonly stream: Duplex };
  stream.destroy(new Error('cut'));
}

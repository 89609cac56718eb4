import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type AddressInfo,
  type Server as NetServer,
  type Socket,
  createConnection,
  createServer,
} from 'node:net';
import { connect } from 'amqplib';
import { pino } from 'pino';
import { type Server, embeddedBroker } from '../testing/servers.js';
import { silent } from '../testing/logger.js';
import { until } from '../testing/until.js';
import { DeadLetter, type Delivery, HEADER, MessageBus, Pause, Unroutable } from './message-bus.js';
import type { LogSink } from './observability.js';
import { type Topology, type WorkQueue, deadLetterQueueOf, retryQueueOf } from './topology.js';

const brokers = [
  { broker: 'the embedded broker', start: () => embeddedBroker() },
  ...(process.env['RABBITMQ_URL']
    ? [{ broker: 'RABBITMQ_URL', start: () => running(process.env['RABBITMQ_URL'] ?? '') }]
    : []),
];

const running = (url: string): Promise<Server> =>
  Promise.resolve({ url, stop: () => Promise.resolve(), kill: () => Promise.resolve() });

describe.each(brokers)('message bus on $broker', ({ start }) => {
  let server: Server;
  let bus: MessageBus;
  let exchange: string;
  let work: WorkQueue;

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    exchange = `spec-${randomUUID()}`;
    work = { name: `${exchange}.work`, exchange, pattern: 'work.#', attempts: 3, retryDelayMs: 50 };
    bus = await connectTo({ exchanges: [exchange], queues: [work] });
  });

  afterEach(async () => {
    await bus.close();
    await removed(server.url, work);
  });

  const connectTo = (topology: Topology, url = server.url, logger: LogSink = silent) =>
    MessageBus.connect({ url, name: 'spec', topologies: [topology], logger });

  /** Collects what the queue delivers; `handle` says what becomes of it. */
  async function collected(handle: (delivery: Delivery) => void = () => undefined, queue = work.name) {
    const deliveries: Delivery[] = [];
    const consumption = await bus.consume(
      queue,
      (delivery) => {
        deliveries.push(delivery);
        handle(delivery);
        return Promise.resolve();
      },
      { prefetch: 10 },
    );
    return { deliveries, ...consumption };
  }

  it('delivers what was published, with its id, type and headers', async () => {
    const { deliveries } = await collected();
    await bus.publish(
      exchange,
      'work.a',
      { n: 1 },
      { messageId: 'm1', type: 'T', headers: { 'x-own': 'h' } },
    );
    await until(() => deliveries.length === 1);
    expect(deliveries[0]).toMatchObject({
      body: { n: 1 },
      messageId: 'm1',
      type: 'T',
      routingKey: 'work.a',
      attempt: 1,
      headers: { 'x-own': 'h' },
    });
  });

  it('refuses a mandatory message that no queue takes', async () => {
    await expect(bus.publish(exchange, 'nobody.listens', {}, { mandatory: true })).rejects.toThrow(
      Unroutable,
    );
  });

  it('takes a message that need not be routed', async () => {
    await expect(bus.publish(exchange, 'nobody.listens', {})).resolves.toBeUndefined();
  });

  it('tells the routed from the unroutable when many are in flight', async () => {
    const { deliveries } = await collected();
    const published = await Promise.allSettled(
      Array.from({ length: 400 }, (_, n) =>
        bus.publish(exchange, n % 2 ? 'nobody.listens' : 'work.a', { n }, { mandatory: true }),
      ),
    );
    expect(published.filter(({ status }) => status === 'rejected')).toHaveLength(200);
    await until(() => deliveries.length === 200);
    expect(new Set(deliveries.map(({ body }) => (body as { n: number }).n % 2))).toEqual(new Set([0]));
  });

  it('tries a failed message again after its delay, counting attempts, under its own routing key', async () => {
    const { deliveries } = await collected(({ attempt }) => {
      if (attempt < 3) throw new Error('not yet');
    });
    await bus.publish(exchange, 'work.b', { n: 1 }, { messageId: 'm1', headers: { 'x-own': 'h' } });
    await until(() => deliveries.length === 3);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(deliveries[2]).toMatchObject({ routingKey: 'work.b', messageId: 'm1', headers: { 'x-own': 'h' } });
  });

  it('dead-letters after the last attempt, with the reason', async () => {
    const failing = await collected(() => {
      throw new Error('never');
    });
    const dead = await collected(undefined, deadLetterQueueOf(work.name));
    await bus.publish(exchange, 'work.c', { n: 1 }, { messageId: 'm1' });
    await until(() => dead.deliveries.length === 1);
    expect(failing.deliveries).toHaveLength(3);
    expect(dead.deliveries[0]).toMatchObject({
      body: { n: 1 },
      messageId: 'm1',
      attempt: 3,
      routingKey: 'work.c',
      headers: { [HEADER.reason]: 'Error: never', [HEADER.queue]: work.name },
    });
    expect(dead.deliveries[0]?.headers).toHaveProperty(HEADER.firstFailure);
  });

  it('dead-letters at once what its handler gives up on', async () => {
    const refusing = await collected(() => {
      throw new DeadLetter('unknown command');
    });
    const dead = await collected(undefined, deadLetterQueueOf(work.name));
    await bus.publish(exchange, 'work.d', {});
    await until(() => dead.deliveries.length === 1);
    expect(refusing.deliveries).toHaveLength(1);
    expect(dead.deliveries[0]?.headers[HEADER.reason]).toBe('DeadLetter: unknown command');
  });

  it('dead-letters what is no JSON, and goes on', async () => {
    const { deliveries } = await collected();
    await publishRaw(server.url, exchange, 'work.e', Buffer.from('{"half'));
    await bus.publish(exchange, 'work.e', { n: 2 });
    await until(() => deliveries.length === 1);
    expect(deliveries[0]?.body).toEqual({ n: 2 });
    const dead = await collected(undefined, deadLetterQueueOf(work.name));
    await until(() => dead.deliveries.length === 1);
    expect(dead.deliveries[0]).toMatchObject({ body: undefined, raw: Buffer.from('{"half') });
  });

  it('waits in place while a handler pauses, and uses up no attempt', async () => {
    let away = true;
    const { deliveries } = await collected(() => {
      if (away) throw new Pause('the event store is away');
    });
    await bus.publish(exchange, 'work.f', {});
    await until(() => deliveries.length >= 5);
    away = false;
    const seen = deliveries.length;
    await until(() => deliveries.length > seen);
    expect(new Set(deliveries.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    expect(await depth(server.url, deadLetterQueueOf(work.name))).toBe(0);
  });

  it('gives back what was not finished when it stops', async () => {
    const stuck = await collected(() => {
      throw new Pause('away');
    });
    await bus.publish(exchange, 'work.g', { n: 1 });
    await until(() => stuck.deliveries.length > 0);
    await stuck.stop();
    const { deliveries } = await collected();
    await until(() => deliveries.length === 1);
    expect(deliveries[0]?.body).toEqual({ n: 1 });
  });

  it('takes a consumer up again, once, when its queue was deleted and is declared anew', async () => {
    let refused = 0;
    const logger = pino({
      hooks: { logMethod: ([, message]) => void (refused += message === 'consumer not restarted' ? 1 : 0) },
    });
    await bus.close();
    bus = await connectTo({ exchanges: [exchange], queues: [work] }, server.url, logger);
    const { deliveries } = await collected();
    await removed(server.url, work);
    await until(() => refused >= 3);
    const other = await connectTo({ exchanges: [exchange], queues: [work] });
    try {
      await other.publish(exchange, 'work.h', { n: 1 }, { mandatory: true });
      await until(() => deliveries.length === 1);
      const consumers = () => withChannel(server.url, (channel) => channel.checkQueue(work.name));
      expect((await consumers()).consumerCount).toBe(1);
    } finally {
      await other.close();
    }
  });
});

describe('message bus when the broker goes away', () => {
  it('connects again, declares its topology anew, and goes on consuming and publishing', async () => {
    const first = await embeddedBroker();
    const port = Number(new URL(first.url).port);
    const exchange = `spec-${randomUUID()}`;
    const work = { name: `${exchange}.work`, exchange, pattern: '#', attempts: 3, retryDelayMs: 50 };
    const bus = await MessageBus.connect({
      url: first.url,
      name: 'spec',
      topologies: [{ exchanges: [exchange], queues: [work] }],
      logger: silent,
    });
    const bodies: unknown[] = [];
    await bus.consume(work.name, ({ body }) => Promise.resolve(void bodies.push(body)), { prefetch: 1 });
    await bus.publish(exchange, 'a', { n: 1 }, { mandatory: true });
    await first.kill();
    await until(() => !bus.connected);
    const second = await embeddedBroker({ port });
    try {
      await bus.publish(exchange, 'a', { n: 2 }, { mandatory: true });
      await until(() => bodies.length === 2);
      expect(bodies).toEqual([{ n: 1 }, { n: 2 }]);
    } finally {
      await bus.close();
      await second.stop();
    }
  });
});

describe('message bus when a connection breaks while it is set up', () => {
  const cut = (link: Link) => link.cut();
  const freeze = (link: Link) => link.freeze();

  // How far the set-up gets: the handshake takes some 600 bytes, each declaration some 20 more.
  it.each([
    ['cut', 100, cut],
    ['cut', 650, cut],
    ['cut', 700, cut],
    ['frozen', 650, freeze],
  ])(
    '%s after %d bytes from the broker, first and again, it comes to a connection that works',
    async (_how, bytes, fault) => {
      const broker = await embeddedBroker();
      const proxy = await Proxy.to(broker.url);
      const exchange = `spec-${randomUUID()}`;
      const work = { name: `${exchange}.work`, exchange, pattern: '#', attempts: 3, retryDelayMs: 50 };
      proxy.breakNext(1, bytes, fault);
      const bus = await MessageBus.connect({
        url: proxy.url,
        name: 'spec',
        topologies: [{ exchanges: [exchange], queues: [work] }],
        logger: silent,
      });
      try {
        const bodies: unknown[] = [];
        await bus.consume(work.name, ({ body }) => Promise.resolve(void bodies.push(body)), {
          prefetch: 1,
        });
        proxy.breakNext(1, bytes, fault);
        proxy.cutAll();
        await until(() => !bus.connected);
        await until(() => bus.connected, 30_000);
        await bus.publish(exchange, 'a', { n: 1 }, { mandatory: true });
        await until(() => bodies.length === 1);
      } finally {
        await bus.close();
        await proxy.close();
        await broker.stop();
      }
    },
  );
});

/** One connection through the proxy. */
interface Link {
  /** Ends both ends. */
  cut(): void;
  /** Carries nothing any more, either way. */
  freeze(): void;
}

/** Stands between a client and a broker, and breaks connections once so many bytes came from the broker. */
class Proxy {
  readonly #links = new Set<Link>();
  #faults: { readonly bytes: number; readonly fault: (link: Link) => void }[] = [];

  private constructor(
    private readonly server: NetServer,
    readonly url: string,
  ) {}

  static async to(url: string): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = new Proxy(server, `amqp://guest:guest@127.0.0.1:${port}`);
    server.on('connection', (client) => proxy.#carry(client, Number(new URL(url).port)));
    return proxy;
  }

  /** The next connections, in their order, break. */
  breakNext(connections: number, bytes: number, fault: (link: Link) => void): void {
    this.#faults = Array.from({ length: connections }, () => ({ bytes, fault }));
  }

  cutAll(): void {
    for (const link of this.#links) link.cut();
  }

  async close(): Promise<void> {
    this.cutAll();
    this.server.close();
    await once(this.server, 'close');
  }

  #carry(client: Socket, port: number): void {
    const broker = createConnection(port, '127.0.0.1');
    const ends = [client, broker];
    const link = {
      cut: () => ends.forEach((end) => end.destroy()),
      freeze: () => ends.forEach((end) => end.removeAllListeners('data').pause()),
    };
    this.#links.add(link);
    const planned = this.#faults.shift();
    let seen = 0;
    client.on('data', (data) => broker.write(data));
    broker.on('data', (data) => {
      seen += data.length;
      if (planned && seen >= planned.bytes) planned.fault(link);
      else client.write(data);
    });
    for (const end of ends)
      end.on('error', () => undefined).on('close', () => (this.#links.delete(link), link.cut()));
  }
}

async function withChannel<T>(
  url: string,
  work: (
    channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>,
  ) => Promise<T>,
): Promise<T> {
  const connection = await connect(url);
  try {
    return await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}

const publishRaw = (url: string, exchange: string, key: string, content: Buffer) =>
  withChannel(url, async (channel) => {
    channel.publish(exchange, key, content);
    await channel.waitForConfirms();
  });

const depth = (url: string, queue: string) =>
  withChannel(url, async (channel) => (await channel.checkQueue(queue)).messageCount);

const removed = (url: string, queue: WorkQueue) =>
  withChannel(url, async (channel) => {
    for (const name of [queue.name, retryQueueOf(queue), deadLetterQueueOf(queue.name)]) {
      await channel.deleteQueue(name);
    }
    await channel.deleteExchange(queue.exchange);
  });

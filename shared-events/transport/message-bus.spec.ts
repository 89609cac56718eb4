import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Bystander } from '../testing/bystander.js';
import { type Server, brokerOf, embeddedBroker, serverRows } from '../testing/servers.js';
import { silent } from '../testing/logger.js';
import { type Break, SeverableLink } from '../testing/severable-link.js';
import { until } from '../testing/until.js';
import {
  DeadLetter,
  type Delivery,
  HEADER,
  MessageBus,
  Pause,
  PublishFailed,
  Unroutable,
} from './message-bus.js';
import { type Topology, type WorkQueue, deadLetterQueueOf, retryQueueOf } from './topology.js';
import { within } from './waiting.js';

describe.each(serverRows('RABBITMQ_URL'))('message bus on %s', (_title, real) => {
  let server: Server;
  let broker: Bystander;
  let bus: MessageBus;
  let exchange: string;
  let work: WorkQueue;
  let topology: Topology;

  beforeAll(async () => {
    server = await brokerOf(real);
    broker = new Bystander(server.url);
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    exchange = `spec-${randomUUID()}`;
    work = { name: `${exchange}.work`, exchange, pattern: 'work.#', retryDelaysMs: [50, 50] };
    topology = { exchanges: [exchange], queues: [work] };
    bus = await connectTo();
  });

  afterEach(async () => {
    await bus.close();
    await broker.remove(topology);
  });

  const connectTo = (url = server.url) =>
    MessageBus.connect({ url, name: 'spec', topologies: [topology], logger: silent });

  /** Collects what the queue delivers; `handle` says what becomes of it. */
  async function collected(
    handle: (delivery: Delivery) => void | Promise<void> = () => undefined,
    queue = work.name,
    prefetch = 10,
  ) {
    const deliveries: Delivery[] = [];
    const consumption = await bus.consume(
      queue,
      async (delivery) => {
        deliveries.push(delivery);
        await handle(delivery);
      },
      { prefetch },
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

  it('publishes what outlives the broker, as JSON unless told otherwise', async () => {
    await bus.publish(exchange, 'work.a', {});
    await bus.publish(exchange, 'work.a', {}, { contentType: 'application/cloudevents+json' });
    const [one, other] = [await broker.take(work.name), await broker.take(work.name)];
    expect([one.properties, other.properties]).toMatchObject([
      { deliveryMode: 2, contentType: 'application/json' },
      { deliveryMode: 2, contentType: 'application/cloudevents+json' },
    ]);
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
    const { [HEADER.firstFailure]: first, [HEADER.lastFailure]: last } = dead.deliveries[0]?.headers ?? {};
    expect(Date.parse(String(last)) - Date.parse(String(first))).toBeGreaterThanOrEqual(100);
  });

  it('dead-letters as what it was published, with a reason that is not too long', async () => {
    await collected(({ attempt }) => {
      throw attempt === 1 ? new Error('once more') : new DeadLetter('x'.repeat(10_000));
    });
    await bus.publish(exchange, 'work.c', {}, { type: 'T', contentType: 'application/cloudevents+json' });
    await until(async () => (await broker.depth(deadLetterQueueOf(work.name))) === 1);
    const { properties: dead } = await broker.take(deadLetterQueueOf(work.name));
    expect(dead).toMatchObject({ type: 'T', contentType: 'application/cloudevents+json', deliveryMode: 2 });
    expect(dead.headers?.[HEADER.reason]).toMatch(/^DeadLetter: x{400,500}$/);
  });

  it('keeps a message that it cannot send on, until it can', async () => {
    const dead = deadLetterQueueOf(work.name);
    await broker.withChannel(async (channel) => {
      await channel.deleteQueue(dead);
      // Somebody else's, of that name: it cannot be declared anew.
      await channel.assertQueue(dead, { durable: false });
    });
    const { deliveries } = await collected(() => {
      throw new DeadLetter('unknown command');
    });
    await bus.publish(exchange, 'work.d', { n: 1 });
    await until(() => deliveries.length > 1);
    await broker.deleteQueue(dead);
    await until(() => broker.has(dead, 1));
    expect(new Set(deliveries.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  });

  it('keeps what fails in a queue that has no rules, and tries it again', async () => {
    const dead = deadLetterQueueOf(work.name);
    await broker.withChannel(async (channel) => {
      channel.sendToQueue(dead, Buffer.from('{}'));
      await channel.waitForConfirms();
    });
    let left = 3;
    const { deliveries } = await collected(() => {
      if (left-- > 0) throw new Error('Postgres is away');
    }, dead);
    await until(() => deliveries.length === 4);
  });

  it.each(['many', -3, 1.5])(
    'counts from one where a stranger says that it is attempt %j',
    async (attempt) => {
      const { deliveries } = await collected();
      await broker.publish(exchange, 'work.e', Buffer.from('{}'), {
        headers: { [HEADER.attempt]: attempt },
      });
      await until(() => deliveries.length === 1);
      expect(deliveries[0]?.attempt).toBe(1);
    },
  );

  it('has no more in hand than it may prefetch', async () => {
    const gate = new Gate();
    const { deliveries } = await collected(() => gate.opened, work.name, 2);
    await Promise.all(Array.from({ length: 5 }, () => bus.publish(exchange, 'work.a', {})));
    await until(() => deliveries.length >= 2);
    const left = await broker.depth(work.name);
    gate.open();
    expect(left).toBe(3);
    await until(() => deliveries.length === 5);
  });

  it('finishes what it has in hand when it closes, and takes nothing more', async () => {
    const gate = new Gate();
    const done: unknown[] = [];
    await collected(
      async ({ body }) => {
        await gate.opened;
        done.push(body);
      },
      work.name,
      1,
    );
    await bus.publish(exchange, 'work.g', { n: 1 });
    await bus.publish(exchange, 'work.g', { n: 2 });
    await until(async () => (await broker.depth(work.name)) === 1);
    const closing = bus.close().then(() => done.push('closed'));
    // A connection and a question take longer than a close that waits for nothing.
    await broker.depth(work.name);
    gate.open();
    await closing;
    expect(done).toEqual([{ n: 1 }, 'closed']);
    expect(await broker.depth(work.name)).toBe(1);
  });

  it('has its queues declared so that no message is dropped', async () => {
    const quorum = (more: object) => ({ durable: true, arguments: { 'x-queue-type': 'quorum', ...more } });
    const deadLettering = (to: string) => ({
      'x-dead-letter-exchange': to,
      'x-dead-letter-routing-key': work.name,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    });
    // RabbitMQ refuses a second declaration that differs; the embedded broker takes any.
    await broker.withChannel(async (channel) => {
      await channel.assertExchange(exchange, 'topic', { durable: true });
      await channel.assertQueue(
        work.name,
        quorum({ 'x-delivery-limit': 20, ...deadLettering('dead-letters') }),
      );
      await channel.assertQueue(deadLetterQueueOf(work.name), quorum({ 'x-delivery-limit': 1_000_000 }));
      await channel.assertQueue(
        retryQueueOf(work.name, 50),
        quorum({ 'x-message-ttl': 50, ...deadLettering('redeliver') }),
      );
    });
  });

  it('has 256 publishes in flight at most, and goes on with the others when these have failed', async () => {
    const link = await SeverableLink.to(server.url);
    const behindLink = await connectTo(link.url);
    try {
      link.swallowAnswers();
      const published = Array.from({ length: 400 }, (_, n) => behindLink.publish(exchange, 'work.a', { n }));
      const settled = Promise.allSettled(published);
      await until(async () => (await broker.depth(work.name)) >= 256);
      expect(await broker.depth(work.name)).toBe(256);
      link.restore();
      const failed = (await settled).flatMap((result): unknown[] =>
        result.status === 'rejected' ? [result.reason] : [],
      );
      expect(failed).toHaveLength(256);
      expect(failed[0]).toBeInstanceOf(PublishFailed);
      expect(await broker.depth(work.name)).toBe(400);
    } finally {
      await behindLink.close();
      await link.close();
    }
  });

  it('gives up a connection that has gone silent, and publishes over another', async () => {
    const link = await SeverableLink.to(server.url);
    const behindLink = await connectTo(link.url);
    try {
      link.silenceConnections();
      await expect(behindLink.publish(exchange, 'work.a', { n: 1 })).rejects.toThrow(PublishFailed);
      await until(() => !behindLink.connected);
      await behindLink.publish(exchange, 'work.a', { n: 2 }, { mandatory: true });
      expect(await broker.depth(work.name)).toBe(1);
    } finally {
      await behindLink.close();
      await link.close();
    }
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

  it.each([
    ['key', HEADER.routingKey, 'x'.repeat(65_300)],
    ['instant', HEADER.firstFailure, `2026-01-01T00:00:00.${'0'.repeat(65_200)}Z`],
    ['reason', HEADER.reason, 'x'.repeat(65_300)],
  ])('dead-letters what a stranger gave the longest %s that there can be', async (_what, header, value) => {
    await collected(() => {
      throw new DeadLetter('x'.repeat(10_000));
    });
    await broker.publish(exchange, 'work.e', Buffer.from('{}'), { headers: { [header]: value } });
    await until(() => broker.has(deadLetterQueueOf(work.name), 1));
    const { properties } = await broker.take(deadLetterQueueOf(work.name));
    expect(properties.headers).toMatchObject({ [HEADER.routingKey]: 'work.e', [HEADER.attempt]: 1 });
  });

  it('dead-letters what is no JSON, and goes on', async () => {
    const { deliveries } = await collected();
    await broker.publish(exchange, 'work.e', Buffer.from('{"half'));
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
    expect(await broker.depth(deadLetterQueueOf(work.name))).toBe(0);
  });

  it('tells what may have been handled before: in place, or by somebody who has gone', async () => {
    let away = true;
    const { deliveries } = await collected(
      () => {
        if (!away) return;
        away = false;
        throw new Pause('the event store is away');
      },
      work.name,
      1,
    );
    await bus.publish(exchange, 'work.f', {});
    await until(() => deliveries.length === 2);
    await broker.publish('', deadLetterQueueOf(work.name), Buffer.from('{}'));
    await broker.withChannel((channel) => channel.get(deadLetterQueueOf(work.name)));
    const dead = await collected(undefined, deadLetterQueueOf(work.name));
    await until(() => dead.deliveries.length === 1);
    expect([...deliveries, ...dead.deliveries].map(({ isRepeated }) => isRepeated)).toEqual([
      false,
      true,
      true,
    ]);
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

  it('opens another channel to publish on where one ended alone, and declares what is gone', async () => {
    await broker.remove(topology);
    await expect(bus.publish(exchange, 'work.h', { n: 1 })).rejects.toThrow(PublishFailed);
    await until(() => bus.connected);
    const { deliveries } = await collected();
    await bus.publish(exchange, 'work.h', { n: 2 }, { mandatory: true });
    await until(() => deliveries.length === 1);
    expect(deliveries[0]?.body).toEqual({ n: 2 });
  });

  it('takes a consumer up again, once, where its queue was deleted, and declares that anew', async () => {
    const { deliveries } = await collected();
    await broker.remove(topology);
    await until(() => broker.consumers(work.name).then(Boolean, () => false));
    await bus.publish(exchange, 'work.h', { n: 1 }, { mandatory: true }).catch(() => undefined);
    await until(() => bus.connected);
    await bus.publish(exchange, 'work.h', { n: 2 }, { mandatory: true });
    await until(() => deliveries.some(({ body }) => (body as { n: number }).n === 2));
    expect(await broker.consumers(work.name)).toBe(1);
  });

  it('lets go of what it has in hand with the channel that it came over', async () => {
    const link = await SeverableLink.to(server.url);
    await bus.close();
    bus = await connectTo(link.url);
    const { deliveries } = await collected(() => {
      throw new Pause('away');
    });
    const copies = () => new Set(deliveries.map(({ raw }) => raw)).size;
    await broker.publish(exchange, 'work.i', Buffer.from('{}'));
    for (const n of [1, 2, 3]) {
      await until(() => copies() === n);
      if (n < 3) link.cut();
    }
    const seen = deliveries.splice(0).length;
    await until(() => deliveries.length === 5);
    expect([seen >= 3, copies()]).toEqual([true, 1]);
    await bus.close();
    await link.close();
  });

  it('goes on consuming while nothing comes through what it publishes over', async () => {
    const link = await SeverableLink.to(server.url);
    // Beyond what setting up takes; the confirms of some dozens of publishes are beyond it.
    link.breakNext('frozen', 2_000);
    const behindLink = await connectTo(link.url);
    try {
      expect(link.swallowed).toBe(0);
      let gaveUp = false;
      const publishing = async () => {
        for (;;) await behindLink.publish(exchange, 'nobody.listens', {});
      };
      publishing().catch(() => (gaveUp = true));
      await until(() => link.swallowed > 0);
      let taken = 0;
      const take = () => {
        taken += 1;
        return Promise.resolve();
      };
      await behindLink.consume(work.name, take, { prefetch: 1 });
      for (let n = 0; n < 10; n++) await bus.publish(exchange, 'work.j', { n });
      await until(() => taken === 10);
      expect(gaveUp).toBe(false);
    } finally {
      await behindLink.close();
      await link.close();
    }
  });

  it('closes also where nobody answers any more', async () => {
    const link = await SeverableLink.to(server.url);
    const behindLink = await connectTo(link.url);
    await behindLink.consume(work.name, () => Promise.resolve(), { prefetch: 1 });
    link.silenceConnections();
    await within(8_000, 'the end', behindLink.close());
    await link.close();
    await until(async () => (await broker.consumers(work.name)) === 0);
  });
});

describe('message bus when the broker goes away', () => {
  async function connected() {
    const first = await embeddedBroker();
    const port = Number(new URL(first.url).port);
    const exchange = `spec-${randomUUID()}`;
    const work = { name: `${exchange}.work`, exchange, pattern: '#', retryDelaysMs: [50, 50] };
    const bus = await MessageBus.connect({
      url: first.url,
      name: 'spec',
      topologies: [{ exchanges: [exchange], queues: [work] }],
      logger: silent,
    });
    return { first, port, exchange, work, bus };
  }

  it('does not send what was given up once it is back', async () => {
    const { first, port, exchange, work, bus } = await connected();
    await first.kill();
    await until(() => !bus.connected);
    // More than may be in flight: those that wait for their turn have a deadline, too.
    const given = await Promise.allSettled(
      Array.from({ length: 300 }, (_none, n) => bus.publish(exchange, 'a', { n })),
    );
    expect(given.map(({ status }) => status)).toEqual(given.map(() => 'rejected'));
    const second = await embeddedBroker({ port });
    try {
      await until(() => bus.connected);
      await bus.publish(exchange, 'a', { n: 'last' }, { mandatory: true });
      const bodies: unknown[] = [];
      await bus.consume(work.name, ({ body }) => Promise.resolve(void bodies.push(body)), { prefetch: 1 });
      await until(() => bodies.length > 0);
      expect(bodies).toEqual([{ n: 'last' }]);
    } finally {
      await bus.close();
      await second.stop();
    }
  }, 60_000);

  it('connects again, declares its topology anew, and goes on consuming and publishing', async () => {
    const { first, port, exchange, work, bus } = await connected();
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

describe('message bus of a broker with several nodes', () => {
  let connecting: Promise<MessageBus>[];
  beforeEach(() => {
    connecting = [];
  });
  afterEach(async () => {
    for (const outcome of await Promise.allSettled(connecting))
      if (outcome.status === 'fulfilled') await outcome.value.close();
  });

  /** Brokers that know nothing of each other; they do for nodes of a cluster where nothing is kept in them. */
  it('connects to one that is there, and goes on at another when that one goes away', async () => {
    const [one, two] = [await embeddedBroker(), await embeddedBroker()];
    const port = ({ url }: Server) => Number(new URL(url).port);
    const options = {
      url: `amqp://127.0.0.1:${port(one)},127.0.0.1:${port(two)}`,
      name: 'spec',
      topologies: [{ exchanges: ['spec'], queues: [] }],
      logger: silent,
    };
    await one.kill();
    // So many that surely some of them begin at the one that is gone.
    connecting = Array.from({ length: 12 }, () => MessageBus.connect(options));
    const buses = await Promise.all(connecting);
    await embeddedBroker({ port: port(one) });
    await two.kill();
    await until(() => buses.every((bus) => !bus.connected));
    await Promise.all(buses.map((bus) => bus.publish('spec', 'a', {})));
  });
});

describe('message bus when a connection breaks while it is set up', () => {
  const exchange = `spec-${randomUUID()}`;
  const work = { name: `${exchange}.work`, exchange, pattern: '#', retryDelaysMs: [50, 50] };
  const topologies = [{ exchanges: [exchange], queues: [work] }];
  const connectTo = (url: string) => MessageBus.connect({ url, name: 'spec', topologies, logger: silent });

  // How far the set-up gets: the handshake takes some 600 bytes, each declaration some 20 more.
  it.each<[Break, number]>([
    ['cut', 100],
    ['cut', 650],
    ['cut', 700],
    ['frozen', 650],
  ])(
    '%s after %d bytes from the broker, first and again, it comes to a connection that works',
    async (how, bytes) => {
      const broker = await embeddedBroker();
      const link = await SeverableLink.to(broker.url);
      link.breakNext(how, bytes);
      const bus = await connectTo(link.url);
      try {
        const bodies: unknown[] = [];
        await bus.consume(work.name, ({ body }) => Promise.resolve(void bodies.push(body)), {
          prefetch: 1,
        });
        link.breakNext(how, bytes);
        link.cut();
        await until(() => !bus.connected);
        await until(() => bus.connected, 30_000);
        await bus.publish(exchange, 'a', { n: 1 }, { mandatory: true });
        await until(() => bodies.length === 1);
      } finally {
        await bus.close();
        await link.close();
        await broker.stop();
      }
    },
  );

  it.each([100, 650])(
    '%d bytes from the broker into it, it can be closed, and nothing is heard of it',
    async (bytes) => {
      const broker = await embeddedBroker();
      const link = await SeverableLink.to(broker.url);
      const bus = await connectTo(link.url);
      link.breakNext('frozen', bytes);
      link.cut();
      await until(() => link.swallowed > 0);
      await bus.close();
      expect(bus.connected).toBe(false);
      await link.close();
      await broker.stop();
    },
  );
});
describe('message bus over a bad link', () => {
  let broker: Server;
  let link: SeverableLink;
  let work: WorkQueue;
  let bus: MessageBus;

  beforeEach(async () => {
    broker = await embeddedBroker();
    link = await SeverableLink.to(broker.url);
    const exchange = `spec-${randomUUID()}`;
    work = { name: `${exchange}.work`, exchange, pattern: '#', retryDelaysMs: [50, 50] };
  });
  afterEach(async () => {
    await bus.close();
    await link.close();
    await broker.stop();
  });

  const connectOver = async () => {
    const topologies = [{ exchanges: [work.exchange], queues: [work] }];
    bus = await MessageBus.connect({ url: link.url, name: 'spec', topologies, logger: silent });
  };
  const consumed = async () => {
    const bodies: unknown[] = [];
    const consumption = await bus.consume(work.name, ({ body }) => Promise.resolve(void bodies.push(body)), {
      prefetch: 1,
    });
    return { bodies, stop: () => consumption.stop() };
  };

  it('that is slow connects, declares its topology step by step, and works', async () => {
    link.delay({ up: 200, down: 200 });
    await connectOver();
    const { bodies } = await consumed();
    await bus.publish(work.exchange, 'a', { n: 1 }, { mandatory: true });
    await until(() => bodies.length === 1);
  });

  it('that cuts up frames works', async () => {
    link.slice({ bytes: 50, pauseMs: 1 });
    await connectOver();
    const { bodies } = await consumed();
    const text = 'x'.repeat(5_000);
    await bus.publish(work.exchange, 'a', { text }, { mandatory: true });
    await until(() => bodies.length === 1);
    expect(bodies).toEqual([{ text }]);
  });

  it('that carries nothing any more is left in time', async () => {
    await connectOver();
    const { stop } = await consumed();
    link.blackhole();
    const left = Promise.all([stop(), bus.close()]);
    await expect(within(8_000, 'the end', left)).resolves.toBeDefined();
  });

  it('a consumer that is not answered in time is started once, when it can be', async () => {
    await connectOver();
    link.blackhole();
    const consuming = consumed();
    await expect(within(8_000, 'the consumer', consuming)).resolves.toBeDefined();
    link.mend();
    const { bodies } = await consuming;
    await until(() => bus.connected);
    await until(async () => (await new Bystander(broker.url).consumers(work.name)) === 1);
    await bus.publish(work.exchange, 'a', { n: 1 }, { mandatory: true });
    await until(() => bodies.length === 1);
    expect(await new Bystander(broker.url).consumers(work.name)).toBe(1);
  });
});

class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

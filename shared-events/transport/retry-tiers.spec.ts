import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { COMMAND_TIME_TO_LIVE_MS } from '../contracts/envelope.js';
import { Bystander } from '../testing/bystander.js';
import { silent } from '../testing/logger.js';
import { type Server, brokerOf, serverRows } from '../testing/servers.js';
import { SeverableLink } from '../testing/severable-link.js';
import { until } from '../testing/until.js';
import { DeadLetter, type Delivery, HEADER, MessageBus } from './message-bus.js';
import { type Topology, commandTopology, deadLetterQueueOf, retryQueueOf } from './topology.js';

const HOUR = 3_600_000;

it('makes the last attempt of a command while it can still be carried out', () => {
  for (const { retryDelaysMs } of commandTopology.queues) {
    const waited = retryDelaysMs.reduce((sum, delayMs) => sum + delayMs, 0);
    expect(waited).toBeLessThan(COMMAND_TIME_TO_LIVE_MS * (2 / 3));
  }
});

it('waits longer for a command with each failure, first in the queue that there always was', () => {
  for (const { name, retryDelaysMs } of commandTopology.queues) {
    expect(retryDelaysMs).toEqual([...retryDelaysMs].sort((one, other) => one - other));
    expect(retryQueueOf(name, retryDelaysMs[0] ?? 0)).toBe(`${name}.retry.1000ms`);
  }
});

describe.each(serverRows('RABBITMQ_URL'))('retry tiers on %s', (_title, real) => {
  let server: Server;
  let broker: Bystander;
  let exchange: string;
  let work: string;
  let dead: string;
  let used: Topology;
  const buses: MessageBus[] = [];

  beforeAll(async () => {
    server = await brokerOf(real);
    broker = new Bystander(server.url);
  });
  afterAll(() => server.stop());

  beforeEach(() => {
    exchange = `spec-${randomUUID()}`;
    work = `${exchange}.work`;
    dead = deadLetterQueueOf(work);
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await broker.remove(used);
  });

  const tier = (delayMs: number) => retryQueueOf(work, delayMs);

  /** Another process, with a connection of its own. */
  async function connected(retryDelaysMs: readonly number[], url = server.url): Promise<MessageBus> {
    used = {
      exchanges: [exchange],
      queues: [{ name: work, exchange, pattern: 'work.#', retryDelaysMs }],
    };
    const bus = await MessageBus.connect({ url, name: 'spec', topologies: [used], logger: silent });
    buses.push(bus);
    return bus;
  }

  /** Collects what the bus is delivered; all of it fails unless `handle` says otherwise. */
  async function failing(
    bus: MessageBus,
    handle: (delivery: Delivery) => unknown = () => {
      throw new Error('never');
    },
    prefetch = 10,
  ): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    const handler = async (delivery: Delivery) => {
      deliveries.push(delivery);
      await handle(delivery);
    };
    await bus.consume(work, handler, { prefetch });
    return deliveries;
  }

  const attempts = (deliveries: readonly Delivery[]) => deliveries.map(({ attempt }) => attempt);
  const depths = (...queues: string[]) => Promise.all(queues.map((queue) => broker.depth(queue)));

  describe('a message', () => {
    it('waits for its n-th failure in the n-th tier, and is dead after the last', async () => {
      const [first, second] = [HOUR, 2 * HOUR];
      const bus = await connected([first, second]);
      const deliveries = await failing(bus);
      await bus.publish(exchange, 'work.a', { n: 1 });
      await until(() => broker.has(tier(first), 1));
      expect(await depths(work, tier(second), dead)).toEqual([0, 0, 0]);
      await broker.move(tier(first), work);
      await until(() => broker.has(tier(second), 1));
      expect(await depths(work, tier(first), dead)).toEqual([0, 0, 0]);
      await broker.move(tier(second), work);
      await until(() => broker.has(dead, 1));
      expect(await depths(work, tier(first), tier(second))).toEqual([0, 0, 0]);
      expect(attempts(deliveries)).toEqual([1, 2, 3]);
    });

    it('comes back from each tier by itself, and not before its time', async () => {
      const delays = [40, 120];
      const bus = await connected(delays);
      const waited: number[] = [];
      const deliveries = await failing(bus, ({ attempt, headers }) => {
        if (attempt > 1) waited.push(Date.now() - Date.parse(String(headers[HEADER.lastFailure])));
        throw new Error('never');
      });
      await bus.publish(exchange, 'work.a', {});
      await until(() => broker.has(dead, 1));
      expect(attempts(deliveries)).toEqual([1, 2, 3]);
      // Of one clock, which the broker on this machine has as well.
      for (const [index, delayMs] of delays.entries()) expect(waited[index]).toBeGreaterThanOrEqual(delayMs);
    });

    it('comes back in the order in which those of its tier came', async () => {
      const bus = await connected([50]);
      const deliveries = await failing(bus, ({ attempt }) => {
        if (attempt === 1) throw new Error('once more');
      });
      for (let n = 1; n <= 5; n++) await bus.publish(exchange, 'work.a', { n });
      await until(() => deliveries.length === 10);
      const again = deliveries.filter(({ attempt }) => attempt === 2);
      expect(again.map(({ body }) => body)).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })));
    });

    it('that waits for long holds up none that came later to wait for less', async () => {
      const bus = await connected([50, HOUR]);
      const deliveries = await failing(bus, ({ type, attempt }) => {
        if (type === 'slow' || attempt === 1) throw new Error('not yet');
      });
      await bus.publish(exchange, 'work.a', {}, { type: 'slow' });
      await until(() => broker.has(tier(HOUR), 1));
      await bus.publish(exchange, 'work.a', {}, { type: 'quick' });
      await until(() => deliveries.some(({ type, attempt }) => type === 'quick' && attempt === 2));
      expect(await broker.depth(tier(HOUR))).toBe(1);
    });

    it('keeps what it was published with in every tier', async () => {
      const bus = await connected([40, 40]);
      const deliveries = await failing(bus);
      const content = Buffer.from('{ "n" : 1.0,\t"ü": "\\u00fc" }\n');
      const properties = { messageId: 'm1', type: 'T', contentType: 'application/x', contentEncoding: 'x' };
      await broker.publish(exchange, 'work.b', content, { ...properties, headers: { own: ['h', 1] } });
      await until(() => broker.has(dead, 1));
      expect(deliveries.map(({ raw }) => raw)).toEqual([content, content, content]);
      expect(new Set(deliveries.map(({ routingKey }) => routingKey))).toEqual(new Set(['work.b']));
      const letter = await broker.take(dead);
      expect(letter.content).toEqual(content);
      expect(letter.properties).toMatchObject({ ...properties, headers: { own: ['h', 1] }, deliveryMode: 2 });
    });

    it('tells of its death: why, in which attempt, where from, and when it first and last failed', async () => {
      const bus = await connected([40, 40]);
      const deliveries = await failing(bus, ({ attempt }) => {
        throw new Error(`failure ${attempt}`);
      });
      await bus.publish(exchange, 'work.c', {});
      await until(() => broker.has(dead, 1));
      const { headers = {} } = (await broker.take(dead)).properties as { headers?: Delivery['headers'] };
      const failures = deliveries.map((delivery) => delivery.headers[HEADER.lastFailure]);
      expect(headers).toMatchObject({
        [HEADER.reason]: 'Error: failure 3',
        [HEADER.attempt]: 3,
        [HEADER.queue]: work,
        [HEADER.routingKey]: 'work.c',
        [HEADER.firstFailure]: failures[1],
      });
      const [first, last] = [headers[HEADER.firstFailure], headers[HEADER.lastFailure]];
      expect(Date.parse(String(last)) - Date.parse(String(first))).toBeGreaterThanOrEqual(80);
    });

    it('that is no JSON is dead at once, byte for byte', async () => {
      const bus = await connected([HOUR]);
      const deliveries = await failing(bus);
      const content = Buffer.from([0xff, 0x00, 0x7b, 0xc3, 0x28]);
      await broker.publish(exchange, 'work.d', content);
      await until(() => broker.has(dead, 1));
      const letter = await broker.take(dead);
      expect(letter.content).toEqual(content);
      expect(letter.properties.headers).toMatchObject({
        [HEADER.reason]: 'DeadLetter: the content is not JSON',
        [HEADER.attempt]: 1,
      });
      expect(deliveries).toEqual([]);
    });
  });

  describe('a stranger who writes', () => {
    it.each<[string, unknown, number[]]>([
      ['no number', 'many', [1, 2, 3]],
      ['no whole number', 1.5, [1, 2, 3]],
      ['a number below the first', -3, [1, 2, 3]],
      ['the number of the last', 3, [3]],
      ['a number beyond the last', 2 ** 40, [3]],
    ])('%s as the attempt only shortens the way to its end', async (_what, forged, expected) => {
      const bus = await connected([40, 40]);
      const deliveries = await failing(bus);
      const headers = { [HEADER.attempt]: forged };
      await broker.publish(exchange, 'work.e', Buffer.from('{}'), { headers });
      await until(() => broker.has(dead, 1));
      expect(attempts(deliveries)).toEqual(expected);
      const letter = await broker.take(dead);
      expect(letter.properties.headers).toMatchObject({ [HEADER.attempt]: 3 });
    });

    it.each([
      ['that is none', 'yesterday'],
      ['that is to come', '9999-12-31T23:59:59.999Z'],
    ])('a first failure %s is not believed', async (_what, forged) => {
      const bus = await connected([]);
      await failing(bus);
      const headers = { [HEADER.firstFailure]: forged };
      await broker.publish(exchange, 'work.e', Buffer.from('{}'), { headers });
      await until(() => broker.has(dead, 1));
      const { headers: told = {} } = (await broker.take(dead)).properties as {
        headers?: Delivery['headers'];
      };
      expect(told[HEADER.firstFailure]).toBe(told[HEADER.lastFailure]);
    });

    it('headers that are too large to be sent on does not stop it from being', async () => {
      const bus = await connected([40]);
      const deliveries = await failing(bus);
      // The driver writes 65,536 bytes of headers at most, ours among them.
      const headers = { strange: 'x'.repeat(65_400) };
      await broker.publish(exchange, 'work.e', Buffer.from('{}'), { headers });
      await until(() => broker.has(dead, 1));
      expect(attempts(deliveries)).toEqual([1, 2]);
      const letter = await broker.take(dead);
      expect(letter.properties.headers).toMatchObject({ [HEADER.reason]: 'Error: never' });
      expect(letter.properties.headers).not.toHaveProperty('strange');
    });

    it('more recipients into it has it in one tier all the same', async () => {
      const bus = await connected([HOUR, 2 * HOUR]);
      await failing(bus);
      const recipients = { CC: [tier(2 * HOUR)], BCC: [tier(2 * HOUR)] };
      await broker.publish(exchange, 'work.e', Buffer.from('{}'), { headers: recipients });
      await until(() => broker.has(tier(HOUR), 1));
      expect(await depths(tier(2 * HOUR), work)).toEqual([0, 0]);
    });
  });

  describe('nothing is lost', () => {
    it('where its consumer goes away in the middle of it: it comes again in the same attempt', async () => {
      const link = await SeverableLink.to(server.url);
      const bus = await connected([HOUR], link.url);
      let finish: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (finish = resolve));
      const deliveries = await failing(bus, () => (deliveries.length === 1 ? held : undefined));
      await bus.publish(exchange, 'work.f', {});
      await until(() => deliveries.length === 1);
      link.cut();
      await until(() => deliveries.length === 2);
      finish();
      expect(attempts(deliveries)).toEqual([1, 1]);
      await link.close();
    });

    it('where the connection ends between its tier and its acknowledgement: it is there twice', async () => {
      const link = await SeverableLink.to(server.url);
      const bus = await connected([HOUR], link.url);
      const deliveries = await failing(bus, () => {
        if (deliveries.length === 1) link.swallowAnswers();
        throw new Error('never');
      });
      await broker.publish(exchange, 'work.f', Buffer.from('{}'));
      await until(() => broker.has(tier(HOUR), 1));
      link.restore();
      await until(() => broker.has(tier(HOUR), 2));
      expect(attempts(deliveries)).toEqual([1, 1]);
      expect(await depths(work, dead)).toEqual([0, 0]);
      await link.close();
    });

    it('where another consumer takes over: it goes on where the first one was', async () => {
      const delays = [HOUR, 2 * HOUR];
      const first = await connected(delays);
      await failing(first);
      await first.publish(exchange, 'work.f', {});
      await until(() => broker.has(tier(HOUR), 1));
      await first.close();
      const deliveries = await failing(await connected(delays));
      await broker.move(tier(HOUR), work);
      await until(() => broker.has(tier(2 * HOUR), 1));
      expect(attempts(deliveries)).toEqual([2]);
    });

    it('where its tier was deleted: that is declared anew', async () => {
      const bus = await connected([HOUR]);
      const deliveries = await failing(bus);
      await broker.deleteQueue(tier(HOUR));
      await bus.publish(exchange, 'work.g', {});
      await until(() => deliveries.length > 0);
      await until(() => broker.has(tier(HOUR), 1));
      expect(attempts(deliveries)).toEqual([1]);
    });

    it('where the dead-letter queue was deleted: that is declared anew', async () => {
      const bus = await connected([HOUR]);
      const deliveries = await failing(bus, () => {
        throw new DeadLetter('unknown command');
      });
      await broker.deleteQueue(dead);
      await bus.publish(exchange, 'work.g', {});
      await until(() => broker.has(dead, 1));
      expect(attempts(deliveries)).toEqual([1]);
    });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { Bystander } from '@orders/shared-events/testing/bystander.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, brokerOf, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { DeadLetter, type Delivery, MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { deliveryOf } from '@orders/shared-events/transport/delivery.js';
import {
  type Topology,
  type WorkQueue,
  deadLetterQueueOf,
} from '@orders/shared-events/transport/topology.js';
import { Pool } from 'pg';
import { migrate } from '../postgres.js';
import { DeadLetterCollector } from './dead-letter-collector.js';
import { DeadLetters } from './dead-letters.table.js';
import { requeued } from './requeue.js';

describe.each(serverRows('RABBITMQ_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: readonly [broker: Server, postgres: Server];
  let broker: Bystander;
  let pool: Pool;
  let topology: Topology;
  let work: WorkQueue;
  let bus: MessageBus;
  let collector: DeadLetterCollector;

  beforeAll(async () => {
    servers = await Promise.all([brokerOf(real), databaseOf(real)]);
    const [{ url }, postgres] = servers;
    broker = new Bystander(url);
    await migrate(postgres.url, silent);
    pool = new Pool({ connectionString: postgres.url });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await Promise.all(servers.map((server) => server.stop()));
  });

  beforeEach(async () => {
    const exchange = `spec-${randomUUID()}`;
    work = { name: `${exchange}.work`, exchange, pattern: 'work.#', retryDelaysMs: [30] };
    topology = { exchanges: [exchange], queues: [work] };
    bus = await MessageBus.connect({
      ...{ url: servers[0].url, name: 'spec', topologies: [topology], logger: silent },
    });
    collector = new DeadLetterCollector(bus, new DeadLetters(pool), topology.queues);
    await collector.start();
  });
  afterEach(async () => {
    await collector.stop();
    await bus.close();
    await broker.remove(topology);
  });

  const rows = async () =>
    (
      await pool.query<Record<string, unknown>>(
        'SELECT * FROM process_managers.dead_letters WHERE queue = $1',
        [work.name],
      )
    ).rows;

  /** The only one that there is, once it is there: the row itself. */
  async function kept(): Promise<Record<string, unknown>> {
    await until(async () => (await rows()).length > 0);
    const letters = await rows();
    expect(letters).toHaveLength(1);
    return letters[0] ?? {};
  }

  const failures = (deliveries: readonly Delivery[]) =>
    deliveries.map(({ headers }) => new Date(String(headers['x-last-failure-at'])));

  describe('a message', () => {
    it('that used up its attempts is kept as it was sent, with why, where from, and when it failed', async () => {
      const deliveries: Delivery[] = [];
      const fail = (delivery: Delivery) => {
        deliveries.push(delivery);
        return Promise.reject(new Error(`failure ${delivery.attempt}`));
      };
      await bus.consume(work.name, fail, { prefetch: 1 });
      const content = Buffer.from('{ "n" : 1.0,\t"ü": "\\u00fc" }\n');
      const properties = { messageId: randomUUID(), type: 'T', headers: { own: 'h' } };
      await broker.publish(work.exchange, 'work.a', content, properties);
      const letter = await kept();
      expect(letter).toMatchObject({
        origin: 'queue',
        queue: work.name,
        message_key: properties.messageId,
        type: 'T',
        routing_key: 'work.a',
        reason: 'Error: failure 2',
        attempts: 2,
        times: 1,
        headers: { own: 'h' },
        content,
      });
      const [, first] = failures(deliveries);
      expect(letter['first_failure_at']).toEqual(first);
      const waited = Number(letter['last_failure_at']) - Number(first);
      expect(waited).toBeGreaterThanOrEqual(30);
    });

    it('that is no JSON, and has no id, is kept to the byte', async () => {
      await bus.consume(work.name, () => Promise.resolve(), { prefetch: 1 });
      const content = Buffer.from([0xff, 0x00, 0x7b, 0xc3, 0x28]);
      await broker.publish(work.exchange, 'work.b', content, { messageId: '' });
      expect(await kept()).toMatchObject({
        message_key: createHash('sha256').update(content).digest('hex'),
        ...{ content, type: null, attempts: 1, routing_key: 'work.b' },
        reason: 'DeadLetter: the content is not JSON',
      });
    });

    it('that dies again in another way is the same one, with its first failure and its last reason', async () => {
      let reason = 'unknown command';
      const refuse = () => Promise.reject(new DeadLetter(reason));
      await bus.consume(work.name, refuse, { prefetch: 1 });
      const messageId = randomUUID();
      await bus.publish(work.exchange, 'work.c', {}, { messageId });
      const before = await kept();
      reason = 'still unknown';
      await bus.publish(work.exchange, 'work.c', {}, { messageId });
      await until(async () => (await kept())['times'] === 2);
      const after = await kept();
      expect(after).toMatchObject({ reason: 'DeadLetter: still unknown', attempts: 1 });
      expect(after['first_failure_at']).toEqual(before['first_failure_at']);
      expect(Number(after['last_failure_at'])).toBeGreaterThan(Number(before['last_failure_at']));
    });

    it('that a stranger refused, who says nothing, is kept with what its broker tells of it', async () => {
      await broker.publish(work.exchange, 'work.d', Buffer.from('{"n":1}'));
      await broker.withChannel(async (channel) => {
        const message = await channel.get(work.name);
        if (message) channel.nack(message, false, false);
        await channel.checkQueue(work.name);
      });
      const tells = real.RABBITMQ_URL
        ? { reason: 'the broker gave it up: rejected', routing_key: 'work.d' }
        : { reason: 'nobody says why', routing_key: work.name };
      expect(await kept()).toMatchObject({ ...tells, attempts: 1, content: Buffer.from('{"n":1}') });
    });
  });

  describe('a message that somebody put there by hand', () => {
    const dead = () => deadLetterQueueOf(work.name);
    const letters = () => new DeadLetters(pool);
    /** As the collector, which goes away before the broker has its answer, or not. */
    async function stored({ isAnswered }: { readonly isAnswered: boolean }): Promise<void> {
      await until(() => broker.has(dead(), 1));
      await broker.withChannel(async (channel) => {
        const message = await channel.get(dead());
        if (!message) throw new Error('there is none');
        const { content, fields, properties } = message;
        const delivered = { content, properties, fields: { ...fields, consumerTag: '' } };
        await letters().store(work.name, deliveryOf(delivered, undefined, false));
        if (!isAnswered) return;
        channel.ack(message);
        await channel.checkQueue(dead());
      });
    }
    const discard = () =>
      pool.query(`UPDATE process_managers.dead_letters SET state = 'discarded' WHERE queue = $1`, [
        work.name,
      ]);

    it('dies once, however often it is delivered, and again where it is put there again', async () => {
      await collector.stop();
      const put = (content: string, more: object) => broker.publish('', dead(), Buffer.from(content), more);
      const messageId = randomUUID();
      await put('{"n":1}', { messageId });
      await stored({ isAnswered: false });
      await discard();
      await stored({ isAnswered: true });
      expect(await kept()).toMatchObject({ state: 'discarded', times: 1, version: 1 });
      await put('{"n":1}', { messageId });
      await stored({ isAnswered: true });
      expect(await kept()).toMatchObject({ state: 'open', times: 2 });
    });

    it('dies again with another content, though its first delivery was broken off', async () => {
      await collector.stop();
      const messageId = randomUUID();
      await broker.publish('', dead(), Buffer.from('{"n":1}'), { messageId });
      await stored({ isAnswered: true });
      await broker.publish('', dead(), Buffer.from('{"n":2}'), { messageId });
      await broker.withChannel((channel) => channel.get(dead()));
      await stored({ isAnswered: true });
      expect(await kept()).toMatchObject({ times: 2, content: Buffer.from('{"n":2}') });
    });
  });

  it('a message that is sent again has the headers that it came with, of whatever type', async () => {
    const headers = {
      bytes: Buffer.from([0xff, 0x00]),
      table: { list: [Buffer.from('text'), { '!': 'timestamp', value: 1_700_000_000 }] },
      price: { '!': 'decimal', value: { places: 2, digits: 1_250 } },
      big: 2 ** 40,
      small: -0.5,
      none: null,
      is: true,
    };
    const dead = deadLetterQueueOf(work.name);
    await broker.publish('', dead, Buffer.from('{}'), { messageId: 'm1', headers });
    const { id } = await kept();
    const [letter] = await new DeadLetters(pool).kept([String(id)]);
    const { exchange, routingKey, content, options } = requeued(letter!, undefined, '');
    await bus.publishBytes(exchange, routingKey, content, options);
    await until(() => broker.has(work.name, 1));
    const { properties } = await broker.take(work.name);
    expect(properties.headers).toMatchObject(headers);
  });

  // The embedded broker delivers for ever what is never answered.
  (real.RABBITMQ_URL ? describe : describe.skip)('a message that the broker gave up', () => {
    it('is kept with its own reason beside the one before, in its attempt, from where it was sent', async () => {
      let deliveries = 0;
      const failOnce = () => {
        deliveries += 1;
        return Promise.reject(new Error('first things first'));
      };
      const consumption = await bus.consume(work.name, failOnce, { prefetch: 1 });
      await bus.publish(work.exchange, 'work.e', { n: 1 });
      await until(() => deliveries === 1);
      await consumption.stop();
      await until(() => broker.has(work.name, 1));
      const [{ firstFailure, lastFailure }, letter] = [await goneWith(), await kept()];
      expect(letter).toMatchObject({
        reason:
          'the broker gave it up: too many deliveries without an answer; before that: Error: first things first',
        attempts: 2,
        routing_key: 'work.e',
        content: Buffer.from('{"n":1}'),
      });
      expect(letter['first_failure_at']).toEqual(firstFailure);
      expect(Number(letter['last_failure_at'])).toBeGreaterThanOrEqual(Number(lastFailure));
    });
  });

  /** As a consumer that goes away each time that it has the message, until it does not come any more. */
  async function goneWith(): Promise<{ firstFailure: Date; lastFailure: Date }> {
    let headers: Record<string, unknown> = {};
    await until(async () => {
      await broker.withChannel(async (channel) => {
        const message = await channel.get(work.name);
        if (message) headers = { ...(message.properties as { headers?: typeof headers }).headers };
      });
      return (await rows()).length > 0;
    });
    return {
      firstFailure: new Date(String(headers['x-first-failure-at'])),
      lastFailure: new Date(String(headers['x-last-failure-at'])),
    };
  }
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect, type Options } from 'amqplib';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunningBroker, startBroker } from './broker.js';

const DEADLINE_MS = 10_000;
const POLL_MS = 5;

let broker: RunningBroker;
let connection: ChannelModel;
let channel: ConfirmChannel;
let faults: Error[];

beforeEach(async () => {
  faults = [];
  broker = await startBroker({ onFault: (fault) => faults.push(fault) });
  connection = await connect(broker.url);
  channel = await connection.createConfirmChannel();
  await channel.assertExchange('events', 'topic', { durable: true });
});

afterEach(() => broker.stop());

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${condition.toString()}`);
    await delay(POLL_MS);
  }
}

async function queue(name: string, pattern: string, args: Record<string, unknown> = {}): Promise<void> {
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum', ...args } });
  await channel.bindQueue(name, 'events', pattern);
}

/** Publishes and waits for the broker's confirm. */
async function publish(routingKey: string, body: string, options: Options.Publish = {}): Promise<void> {
  channel.publish('events', routingKey, Buffer.from(body), { persistent: true, ...options });
  await channel.waitForConfirms();
}

/** What the queue delivers from now on, unacknowledged. */
async function deliveries(name: string): Promise<ConsumeMessage[]> {
  const delivered: ConsumeMessage[] = [];
  await channel.consume(name, (message) => {
    if (message !== null) delivered.push(message);
  });
  return delivered;
}

/** The broker answers a question after everything that it sent before. */
const everythingSentSoFar = (name: string) => channel.checkQueue(name);

const bodies = (messages: ConsumeMessage[]) => messages.map((message) => message.content.toString());

describe('publishing', () => {
  test('confirms what was routed and carries its properties', async () => {
    await queue('orders', 'order.*');
    await publish('order.placed', 'a', { messageId: 'id-1', type: 'Placed', headers: { attempt: 2 } });
    const delivered = await deliveries('orders');
    await until(() => delivered.length === 1);
    expect(delivered[0]?.fields).toMatchObject({
      exchange: 'events',
      routingKey: 'order.placed',
      redelivered: false,
    });
    expect(delivered[0]?.properties).toMatchObject({
      messageId: 'id-1',
      type: 'Placed',
      headers: { attempt: 2 },
      deliveryMode: 2,
    });
  });

  test('returns what nobody is bound to when it is mandatory, before the confirm', async () => {
    const heard: string[] = [];
    channel.on('return', (message: { content: Buffer }) =>
      heard.push(`returned ${message.content.toString()}`),
    );
    channel.publish('events', 'nobody', Buffer.from('a'), { mandatory: true }, () => heard.push('confirmed'));
    await channel.waitForConfirms();
    await until(() => heard.length === 2);
    expect(heard).toEqual(['returned a', 'confirmed']);
  });

  test('confirms what nobody is bound to when it is not', async () => {
    await publish('nobody', 'a');
  });

  test('carries a body larger than a frame', async () => {
    await queue('orders', '#');
    const body = 'x'.repeat(500_000);
    await publish('order.placed', body);
    const delivered = await deliveries('orders');
    await until(() => delivered.length === 1);
    expect(bodies(delivered)).toEqual([body]);
  });

  test.each([
    ['order.*', ['order.placed']],
    ['order.#', ['order', 'order.placed', 'order.placed.late']],
    ['*.placed', ['order.placed']],
    ['#', ['order', 'order.placed', 'order.placed.late', 'stock']],
    ['order', ['order']],
  ])('takes by the topic pattern %s', async (pattern, taken) => {
    await queue('matching', pattern);
    for (const key of ['order', 'order.placed', 'order.placed.late', 'stock']) await publish(key, key);
    const delivered = await deliveries('matching');
    await everythingSentSoFar('matching');
    expect(bodies(delivered)).toEqual(taken);
  });
});

describe('consuming', () => {
  test('delivers in order and no more than the prefetch until something is acknowledged', async () => {
    await queue('orders', '#');
    for (const body of ['1', '2', '3', '4']) await publish('order', body);
    await channel.prefetch(2);
    const delivered = await deliveries('orders');
    await everythingSentSoFar('orders');
    expect(bodies(delivered)).toEqual(['1', '2']);
    for (const message of delivered.slice(0, 1)) channel.ack(message);
    await until(() => delivered.length === 3);
    expect(bodies(delivered)).toEqual(['1', '2', '3']);
  });

  test('delivers again, marked so, what a consumer that went away did not acknowledge', async () => {
    await queue('orders', '#');
    await publish('order', 'a');
    const other = await connect(broker.url);
    const held: ConsumeMessage[] = [];
    await (
      await other.createChannel()
    ).consume('orders', (message) => {
      if (message !== null) held.push(message);
    });
    await until(() => held.length === 1);
    await other.close();
    const delivered = await deliveries('orders');
    await until(() => delivered.length === 1);
    expect(delivered[0]?.fields.redelivered).toBe(true);
  });

  test('does not deliver again what was acknowledged', async () => {
    await queue('orders', '#');
    await publish('order', 'a');
    const delivered = await deliveries('orders');
    await until(() => delivered.length === 1);
    for (const message of delivered) channel.ack(message);
    await channel.close();
    channel = await connection.createConfirmChannel();
    expect(await channel.checkQueue('orders')).toMatchObject({ messageCount: 0 });
  });
});

describe('dead letters', () => {
  beforeEach(async () => {
    await channel.assertExchange('dead', 'direct', { durable: true });
    await channel.assertQueue('orders.dead', { durable: true });
    await channel.bindQueue('orders.dead', 'dead', 'orders');
  });

  const deadLettering = { 'x-dead-letter-exchange': 'dead', 'x-dead-letter-routing-key': 'orders' };

  test('are what a consumer refuses', async () => {
    await queue('orders', '#', deadLettering);
    await publish('order', 'a', { headers: { attempt: 3 } });
    const refused = await deliveries('orders');
    await until(() => refused.length === 1);
    for (const message of refused) channel.nack(message, false, false);
    const dead = await deliveries('orders.dead');
    await until(() => dead.length === 1);
    expect(dead[0]?.fields).toMatchObject({ exchange: 'dead', routingKey: 'orders' });
    expect(dead[0]?.properties.headers).toMatchObject({ attempt: 3 });
  });

  test('are what has waited its time in a queue without a consumer', async () => {
    await queue('waiting', '#', { ...deadLettering, 'x-message-ttl': 50 });
    const published = Date.now();
    await publish('order', 'a');
    const dead = await deliveries('orders.dead');
    await until(() => dead.length === 1);
    expect(Date.now() - published).toBeGreaterThanOrEqual(50);
    expect(await channel.checkQueue('waiting')).toMatchObject({ messageCount: 0 });
  });
});

/** Held here so that README.md stays true; the message bus relies on none of them. */
describe('what differs from RabbitMQ', () => {
  test('two bindings of one queue that both match deliver twice', async () => {
    await queue('orders', 'order.*');
    await channel.bindQueue('orders', 'events', '#');
    await publish('order.placed', 'a');
    expect(await channel.checkQueue('orders')).toMatchObject({ messageCount: 2 });
  });

  test('a queue is declared again with other arguments without an error', async () => {
    await queue('orders', '#');
    await queue('orders', '#', { 'x-message-ttl': 10 });
  });

  test('the default exchange as dead-letter exchange loses the message', async () => {
    await channel.assertQueue('orders.dead', { durable: true });
    await queue('orders', '#', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'orders.dead' });
    await publish('order', 'a');
    const refused = await deliveries('orders');
    await until(() => refused.length === 1);
    for (const message of refused) channel.nack(message, false, false);
    expect(await channel.checkQueue('orders.dead')).toMatchObject({ messageCount: 0 });
  });

  test('a dead letter that no queue takes is lost', async () => {
    await channel.assertExchange('dead', 'direct', { durable: true });
    await queue('waiting', '#', {
      'x-message-ttl': 10,
      'x-dead-letter-exchange': 'dead',
      'x-dead-letter-routing-key': 'waiting',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    });
    await publish('order', 'a');
    const left = async () => (await channel.checkQueue('waiting')).messageCount;
    const deadline = Date.now() + DEADLINE_MS;
    while ((await left()) > 0 && Date.now() < deadline) await delay(POLL_MS);
    await channel.assertQueue('orders.dead', { durable: true });
    await channel.bindQueue('orders.dead', 'dead', 'waiting');
    expect([await left(), (await channel.checkQueue('orders.dead')).messageCount]).toEqual([0, 0]);
  });

  test('a message goes only where its routing key says, whomever else its sender names', async () => {
    await queue('orders', 'order');
    await queue('others', 'other');
    await publish('order', 'a', { headers: { CC: ['other'] } });
    expect(await channel.checkQueue('others')).toMatchObject({ messageCount: 0 });
  });

  test('what nobody answers is delivered for ever', async () => {
    await queue('orders', '#', { 'x-delivery-limit': 1 });
    await publish('order', 'a');
    for (let times = 0; times < 5; times++) {
      const message = await channel.get('orders');
      if (!message) throw new Error(`not delivered after ${times} times`);
      expect(message.properties.headers ?? {}).not.toHaveProperty('x-delivery-count');
      await channel.recover();
    }
  });

  test('a dead letter does not say why it is one', async () => {
    await channel.assertExchange('dead', 'fanout', { durable: true });
    await channel.assertQueue('orders.dead', { durable: true });
    await channel.bindQueue('orders.dead', 'dead', '');
    await queue('orders', '#', { 'x-message-ttl': 10, 'x-dead-letter-exchange': 'dead' });
    await publish('order', 'a');
    const dead = await deliveries('orders.dead');
    await until(() => dead.length === 1);
    expect(dead[0]?.properties.headers).not.toHaveProperty('x-death');
  });
});

describe('the server', () => {
  test('goes on after bytes that are not AMQP', async () => {
    const socket = connectSocket(broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const truncatedStartOk = Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 11, 0xce]);
    socket.write(Buffer.concat([Buffer.from('AMQP\0\0\x09\x01', 'latin1'), truncatedStartOk]));
    await until(() => faults.length === 1);
    socket.destroy();
    await publish('order', 'still here');
  });

  test('says goodbye to its clients when it stops', async () => {
    const closed = once(connection, 'close');
    connection.on('error', () => undefined);
    await broker.stop();
    const [reason] = (await closed) as [Error];
    expect(reason.message).toContain('320');
  });

  test('leaves a taken port to whoever has it', async () => {
    const second = await startBroker({ port: broker.port });
    expect(second.port).toBeGreaterThan(broker.port);
    await second.stop();
  });
});

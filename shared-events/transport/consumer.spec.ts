import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type ChannelModel, connect } from 'amqplib';
import { Bystander } from '../testing/bystander.js';
import { silent } from '../testing/logger.js';
import { type Server, brokerOf, serverRows } from '../testing/servers.js';
import { Consumer } from './consumer.js';
import { Publisher } from './publisher.js';

describe.each(serverRows('RABBITMQ_URL'))('a consumer on %s', (_title, real) => {
  let server: Server;
  let broker: Bystander;
  let connection: ChannelModel;
  let queue: string;

  beforeAll(async () => {
    server = await brokerOf(real);
    broker = new Bystander(server.url);
    connection = await connect(server.url);
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });
  beforeEach(async () => {
    queue = `spec-${randomUUID()}`;
    await broker.withChannel((channel) => channel.assertQueue(queue));
  });
  afterEach(() => broker.deleteQueue(queue));

  const consumer = () =>
    new Consumer({
      ...{ queue, work: undefined, prefetch: 1, logger: silent, publisher: new Publisher() },
      handler: () => Promise.resolve(),
    });

  it('that was stopped before its channel was there takes nothing over it', async () => {
    const stopped = consumer();
    await stopped.stop();
    const channel = await connection.createChannel();
    await stopped.start(channel, () => undefined);
    await broker.publish('', queue, Buffer.from('{}'));
    expect([await broker.consumers(queue), await broker.depth(queue)]).toEqual([0, 1]);
  });

  it('says once that its channel has ended, and not where it was stopped', async () => {
    const [lost, stopped] = [consumer(), consumer()];
    const heard: string[] = [];
    const channels = [await connection.createChannel(), await connection.createChannel()] as const;
    await lost.start(channels[0], () => heard.push('lost'));
    await stopped.start(channels[1], () => heard.push('stopped'));
    await stopped.stop();
    await channels[0].close();
    expect(heard).toEqual(['lost']);
  });
});

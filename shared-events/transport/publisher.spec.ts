import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type Server, embeddedBroker } from '../testing/servers.js';
import { SeverableLink } from '../testing/severable-link.js';
import { openConfirmChannel } from './broker-channel.js';
import { Publisher } from './publisher.js';

let broker: Server;
let link: SeverableLink;
let connection: ChannelModel;
let channel: ConfirmChannel;
/** Messages that were handed to the driver. */
let handed: number;

beforeEach(async () => {
  broker = await embeddedBroker();
  link = await SeverableLink.to(broker.url);
  connection = await connect(link.url);
  channel = await openConfirmChannel(connection);
  await channel.assertExchange('spec', 'topic');
  handed = 0;
  const publish = channel.publish.bind(channel);
  channel.publish = (...args) => {
    handed += 1;
    return publish(...args);
  };
});
afterEach(async () => {
  link.mend();
  await connection.close();
  await link.close();
  await broker.stop();
});

/** Long enough for all that can be handed over to be. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a publisher', () => {
  it('hands the driver no more than its socket takes, and the rest once it has drained', async () => {
    const publisher = new Publisher();
    publisher.use(channel);
    link.blackhole();
    const content = Buffer.alloc(400_000);
    const published = Array.from({ length: 200 }, () => publisher.publish('spec', 'a', content));
    await turns();
    expect(handed).toBeLessThan(150);
    link.mend();
    await Promise.all(published);
    expect(handed).toBe(200);
  });
});

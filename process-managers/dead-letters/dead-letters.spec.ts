import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { DeadLetter } from '@orders/shared-events/transport/message-bus.js';
import { COMMANDS } from '@orders/shared-events/transport/topology.js';
import { migrate } from '../postgres.js';
import { type Stand, stand } from '../testing/stand.js';
import { DeadLetterCollector } from './dead-letter-collector.js';
import { DeadLetters } from './dead-letters.table.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let servers: Stand;
  let deadLetters: DeadLetters;
  let collector: DeadLetterCollector;

  beforeAll(async () => {
    servers = await stand(real);
    await migrate(servers.urls.DATABASE_URL, silent);
    deadLetters = new DeadLetters(servers.pool);
    collector = new DeadLetterCollector(servers.bus, deadLetters);
    await servers.bus.consume(
      'commands.order',
      () => Promise.reject(new DeadLetter('nobody understands this')),
      { prefetch: 10 },
    );
    await collector.start();
  });
  afterAll(async () => {
    await collector.stop();
    await servers.stop();
  });

  const publish = (messageId: string, body: object) =>
    servers.bus.publish(COMMANDS, 'order.ConfirmOrder', body, { messageId, type: 'ConfirmOrder' });
  const all = () => deadLetters.list(100, undefined);

  describe('a dead letter', () => {
    it('is copied with its reason, its attempts and its content', async () => {
      await publish('message-1', { hello: 'world' });
      await until(async () => (await all()).length === 1);
      const [letter] = await all();
      expect(letter).toMatchObject({
        queue: 'commands.order',
        type: 'ConfirmOrder',
        routingKey: 'order.ConfirmOrder',
        reason: 'DeadLetter: nobody understands this',
        attempts: 1,
        times: 1,
      });
      expect((await deadLetters.show(letter?.id ?? ''))?.content).toEqual({ hello: 'world' });
    });

    it('that dies again is the same one, and counted', async () => {
      await publish('message-2', { n: 1 });
      await until(async () => (await all()).length === 2);
      await publish('message-2', { n: 1 });
      await until(async () => (await all())[0]?.times === 2);
      expect(await all()).toHaveLength(2);
    });

    it('is listed newest first, page by page', async () => {
      const [newest, oldest] = await all();
      expect(await deadLetters.list(1, undefined)).toEqual([newest]);
      const { receivedAt = '', id = '' } = newest ?? {};
      expect(await deadLetters.list(5, { receivedAt, id })).toEqual([oldest]);
    });

    it('is kept whatever its sender wrote into it, and the next one too', async () => {
      const before = (await all()).length;
      await servers.bus.publish(
        COMMANDS,
        'order.a\u0000b',
        {},
        {
          messageId: 'a\u0000b',
          type: 'a\u0000b',
          headers: {
            'a\u0000b': { c: ['a\u0000b'] },
            'x-attempt': 2 ** 40,
            'x-first-failure-at': 'yesterday',
          },
        },
      );
      await until(async () => (await all()).length === before + 1);
      const [letter] = await all();
      expect(letter).toMatchObject({ type: 'a\ufffdb', routingKey: 'order.a\ufffdb' });
      expect(await deadLetters.show(letter?.id ?? '')).toMatchObject({
        headers: { 'a\ufffdb': { c: ['a\ufffdb'] } },
      });
      await publish('message-3', {});
      await until(async () => (await all()).length === before + 2);
    });

    it('that nobody knows is not there', async () => {
      expect(await deadLetters.show(crypto.randomUUID())).toBeUndefined();
    });
  });
});

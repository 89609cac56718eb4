import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { CloudEvent } from '@orders/shared-events/contracts/integration-events.js';
import { orderStream } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type Delivery, MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { INTEGRATION_EVENTS, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { Checkpoints } from '../checkpoints.js';
import { DeadLetters } from '../dead-letters/dead-letters.table.js';
import type { SoleFollower } from '../following.js';
import { migrate } from '../postgres.js';
import { ObedientCommandSide } from '../testing/obedient-command-side.js';
import { anOrder } from '../testing/order-story.js';
import { type Stand, stand } from '../testing/stand.js';
import { FORWARDER, forwarder } from './forwarder.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const heard: CloudEvent[] = [];
  let servers: Stand;
  let listener: MessageBus;
  let writer: ObedientCommandSide;
  let checkpoints: Checkpoints;
  let running: SoleFollower | undefined;

  beforeAll(async () => {
    servers = await stand(real);
    const queue = {
      name: 'outside',
      exchange: INTEGRATION_EVENTS,
      pattern: '#',
      retryDelaysMs: [],
    };
    listener = await MessageBus.connect({
      url: servers.urls.RABBITMQ_URL,
      name: 'listener',
      topologies: [{ ...integrationTopology, queues: [queue] }],
      logger: silent,
    });
    await listener.consume('outside', hear, { prefetch: 1 });
    await migrate(servers.urls.DATABASE_URL, silent);
    checkpoints = new Checkpoints(servers.pool);
    await checkpoints.seed([FORWARDER], 'this-log');
    writer = new ObedientCommandSide(servers.store, servers.bus);
  });
  afterEach(() => running?.release());
  afterAll(async () => {
    await listener.close();
    await servers.stop();
  });

  async function hear({ body, type, messageId }: Delivery): Promise<void> {
    const event = CloudEvent.parse(body);
    expect([type, messageId]).toEqual([event.type, event.id]);
    heard.push(event);
    return Promise.resolve();
  }

  let failures = 0;
  let token = 0n;
  async function start(bus: Parameters<typeof forwarder>[1] = servers.bus): Promise<SoleFollower> {
    const logger = { ...silent, error: () => void (failures += 1) };
    running = forwarder({ log: servers.store, checkpoints, logger }, bus, new DeadLetters(servers.pool));
    await running.gained([{ name: FORWARDER, token: ++token }]);
    return running;
  }

  /** As another build, or a hand, might have written it. */
  async function append(
    stream: string,
    { type, data, schemaVersion = 1 }: { type: string; data: object; schemaVersion?: number },
  ): Promise<void> {
    const commandId = randomUUID();
    const metadata = {
      ...{ $correlationId: 'damaged', $causationId: commandId, commandId, schemaVersion },
      ...{ actor: { kind: 'system', subject: 'spec' }, occurredAt: new Date().toISOString() },
    };
    await servers.store.append(stream as never, 'no_stream', [
      { id: randomUUID(), type, data, metadata } as never,
    ]);
  }

  async function confirm(key: string): Promise<string> {
    const { orderId, confirmed } = anOrder({ key });
    await writer.append(orderStream(orderId), 'OrderConfirmed', confirmed.data);
    return orderId;
  }

  const subjects = () => heard.map(({ subject }) => String(subject));
  const stored = async () => {
    const { rows } = await servers.pool.query<{ position: string }>(
      `SELECT position FROM process_managers.checkpoints WHERE name = 'forwarder'`,
    );
    return BigInt(rows[0]!.position);
  };

  describe('the forwarder', () => {
    it('tells in log order what happened', async () => {
      await start();
      const orders: string[] = [];
      for (const key of ['a', 'b', 'c', 'd']) orders.push(await confirm(key));
      await until(() => heard.length === 4);
      expect(subjects()).toEqual(orders);
      // Heard is not yet confirmed: what is not in the checkpoint would be told again.
      const head = await servers.store.head();
      await until(async () => (await stored()) >= head);
    });

    it('goes on where it was, after a stop', async () => {
      await running?.release();
      const before = heard.length;
      const missed = await confirm('while-away');
      await start();
      await until(() => heard.length > before);
      expect(subjects().slice(before)).toEqual([missed]);
    });

    it('does not move its checkpoint before the broker has confirmed, and tells it again', async () => {
      await running?.release();
      const before = await stored();
      let refused = 0;
      const failing = await start({
        publish: () => {
          refused += 1;
          return Promise.reject(new Error('no broker'));
        },
      });
      const orderId = await confirm('without-broker');
      await until(() => refused > 0);
      await failing.release();
      expect(await stored()).toBe(before);

      await start();
      await until(() => subjects().includes(orderId));
    });

    it('tells what is behind an event that cannot be read, which is a dead letter', async () => {
      await start();
      const first = await confirm('before-the-damage');
      await append('order-damaged', { type: 'OrderConfirmed', data: { orderId: 'none' } });
      const last = await confirm('behind-the-damage');
      await until(() => subjects().includes(last));
      // What came before may be told again by whoever goes on.
      expect(subjects().filter((subject) => [first, last].includes(subject))).toEqual([first, last]);
      const { rows } = await servers.pool.query('SELECT * FROM process_managers.dead_letters');
      expect(rows).toMatchObject([
        {
          ...{ origin: 'not translated', queue: 'integration-events', type: 'OrderConfirmed' },
          ...{ routing_key: 'order-damaged', reason: expect.stringContaining('UUID') },
        },
      ]);
    });

    it('stops when its checkpoint is claimed by somebody else', async () => {
      const stale = running;
      const taken = await checkpoints.claim([{ name: FORWARDER, token: ++token }]);
      expect(taken).toHaveLength(1);
      await confirm('told-by-the-stale-one');
      await until(() => heard.length > 0);
      const at = await stored();
      await stale?.release();
      expect(await stored()).toBe(at);
    });

    it('waits before an event of a newer build, and repeats nothing meanwhile', async () => {
      await running?.release();
      const before = heard.length;
      // They come together.
      const told = await confirm('before-the-newer-one');
      await append('order-newer', { type: 'OrderConfirmed', data: {}, schemaVersion: 99 });
      await confirm('behind-the-newer-one');
      const known = failures;
      await start();
      await until(() => failures >= known + 4);
      expect(subjects().slice(before)).toEqual(expect.arrayContaining([told]));
      expect(heard.filter(({ subject }) => subject === told)).toHaveLength(1);
      const at = await stored();
      await until(() => failures >= known + 6);
      expect([await stored(), heard.filter(({ subject }) => subject === told).length]).toEqual([at, 1]);
    });
  });
});

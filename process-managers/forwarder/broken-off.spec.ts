import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type CloudEvent, integrationEvents } from '@orders/shared-events/contracts/integration-events.js';
import { logPosition, orderStream, requestIdOf, requestStream } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { Checkpoints } from '../checkpoints.js';
import { DeadLetters } from '../dead-letters/dead-letters.table.js';
import type { SoleFollower } from '../following.js';
import { migrate } from '../postgres.js';
import { ObedientCommandSide } from '../testing/obedient-command-side.js';
import { anOrder } from '../testing/order-story.js';
import { type Stand, stand } from '../testing/stand.js';
import { together } from '../testing/together.js';
import { FORWARDER, forwarder } from './forwarder.js';
import { replayer } from './replayer.js';
import { ReplaysTable } from './replays.table.js';

const REPLAYER = 'forwarder-replays';

/** A broker that answers the n-th publish, from 1, as it is told to. */
class Broker {
  readonly taken: string[] = [];
  readonly told: string[] = [];
  mostUnderWay = 0;
  #underWay = 0;

  constructor(private readonly answer: (nth: number) => Promise<unknown>) {}

  readonly publish = async (_exchange: string, _routingKey: string, body: object): Promise<void> => {
    const { subject } = body as CloudEvent;
    const nth = this.taken.push(subject);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay);
    try {
      await this.answer(nth);
      this.told.push(subject);
    } finally {
      this.#underWay -= 1;
    }
  };
}

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const orders = Array.from({ length: 80 }, (_, at) => anOrder({ key: `order-${at}` }));
  const subjects = orders.map(({ orderId }) => orderId);
  let servers: Stand;
  let running: SoleFollower | undefined;

  beforeAll(async () => {
    servers = await stand(real);
    await migrate(servers.urls.DATABASE_URL, silent);
    await new Checkpoints(servers.pool).seed([FORWARDER, REPLAYER], 'this-log');
    const writer = new ObedientCommandSide(servers.store, servers.bus);
    for (const { orderId, confirmed } of orders)
      await writer.append(orderStream(orderId), 'OrderConfirmed', confirmed.data);
    const replayId = requestIdOf('forwarderReplay', 'all');
    await writer.append(requestStream('forwarderReplay', replayId), 'ForwarderReplayRequested', {
      ...{ replayId, routingKeys: Object.keys(integrationEvents) },
      ...{ from: { time: '2000-01-01T00:00:00.000Z' }, upTo: logPosition(await servers.store.head()) },
    });
  });
  afterEach(() => running?.release());
  afterAll(() => servers.stop());

  const options = () => ({
    ...{ log: together(servers.store), logger: silent },
    checkpoints: new Checkpoints(servers.pool),
  });
  const begin = {
    [FORWARDER]: (bus: Broker) => forwarder(options(), bus, new DeadLetters(servers.pool)),
    [REPLAYER]: (bus: Broker) => replayer({ ...options(), bus, replays: new ReplaysTable(servers.pool) }),
  };
  let token = 0n;
  async function start(name: keyof typeof begin, bus: Broker): Promise<SoleFollower> {
    running = begin[name](bus);
    await running.gained([{ name, token: ++token }]);
    return running;
  }

  describe.each([
    [FORWARDER, 64],
    [REPLAYER, 16],
  ] as const)('%s', (name, inFlight) => {
    it('takes no more of a batch once it is to stop', async () => {
      let answer = () => {};
      const answered = new Promise<void>((resolve) => (answer = resolve));
      const broker = new Broker(() => answered);
      const follower = await start(name, broker);
      await until(() => broker.taken.length === inFlight);
      const released = follower.release();
      answer();
      await released;
      await sleep(100);
      expect(broker.taken).toHaveLength(inFlight);
    });

    it('takes no more of a batch after a failure, and begins again in order, beside nothing', async () => {
      const broker = new Broker(async (nth) => {
        if (nth > inFlight) return;
        // Each is given up in its own time, the first one first.
        await sleep(nth === 1 ? 100 : 500);
        throw new Error('no broker');
      });
      await start(name, broker);
      await until(() => broker.told.length >= subjects.length);
      await running?.release();
      expect(broker.told).toEqual(subjects);
      expect(broker.mostUnderWay).toBeLessThanOrEqual(inFlight);
    });
  });
});

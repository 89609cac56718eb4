import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { embeddedBroker } from '@orders/shared-events/testing/servers.js';
import type { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { until } from '@orders/shared-events/testing/until.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { sleep, within } from '@orders/shared-events/transport/waiting.js';
import { PATIENCE } from './chaos/patience.js';
import { Shop } from './chaos/shop.js';
import { levelsAt } from './chaos/stock-count.js';
import { faultsOf } from './chaos/verdict.js';
import { demoGoods } from './goods.js';
import { kinds } from './kinds.js';
import type { BackEnd } from './launcher.js';
import { type LinkedSystem, linkedSystem, missedBy } from './linked-system.js';
import { ownVhost } from './own-vhost.js';
import { allInstances } from './scaled-system.js';

const START_MS = 240_000;
/** On an idle machine it takes a tenth of that. */
const PATIENT_MS = 120_000;
/** By then some of what was just begun is recorded and some is not. */
const UNDER_WAY_MS = 300;
const DISTURBED_MS = 3_000;
/** More than a process gives itself before it ends by force. */
const END_MS = 20_000;

/** By the names in health checks, and how many of the three sides need it. */
const needed: Record<BackEnd, { readonly name: string; readonly by: number }> = {
  EVENTSTORE_URL: { name: 'eventStore', by: 3 },
  RABBITMQ_URL: { name: 'rabbitMq', by: 2 },
  DATABASE_URL: { name: 'postgres', by: 2 },
};
const backEnds = Object.keys(needed) as BackEnd[];

interface Disturbance {
  readonly how: string;
  readonly begin: (link: SeverableLink) => void;
  /** Nothing comes through, and the sides say so. */
  readonly isAway: boolean;
}

const disturbances: readonly Disturbance[] = [
  { how: 'is cut', begin: (link) => link.sever(), isAway: true },
  { how: 'is slow', begin: (link) => link.delay({ up: 150, down: 150 }), isAway: false },
  { how: 'cuts up what it carries', begin: (link) => link.slice({ bytes: 50, pauseMs: 1 }), isAway: false },
  { how: 'carries nothing, and hands it on much later', begin: (link) => link.blackhole(), isAway: true },
];

/** The name of the spec of one row, and what it is of. */
const rowsOf = (which: readonly BackEnd[]) =>
  which.flatMap((backEnd) =>
    disturbances.map((disturbance) => ({ ...disturbance, backEnd, to: needed[backEnd].name })),
  );

describe('a system whose links to its back ends are disturbed', () => {
  let linked: LinkedSystem;

  beforeAll(async () => {
    linked = await linkedSystem(PATIENCE);
    await demoGoods(linked.system.commands[0] ?? '');
  }, START_MS);
  afterAll(() => linked.stop(), START_MS);

  it.each(rowsOf(backEnds))(
    'loses nothing and doubles nothing where the one to $to $how',
    (row) => disturbed(linked, row),
    4 * PATIENT_MS,
  );

  it(
    'declares its topology anew on a broker that comes back empty, and goes on',
    async () => {
      const { system, servers } = linked;
      const port = Number(new URL(servers.RABBITMQ_URL.url).port);
      await judged(linked, async (shop) => {
        const placing = [shop.place(kinds.length)];
        await sleep(UNDER_WAY_MS);
        await servers.RABBITMQ_URL.kill();
        placing.push(shop.place(kinds.length));
        await isMissed(linked, 'RABBITMQ_URL');
        const another = await embeddedBroker({ port });
        linked = { ...linked, servers: { ...servers, RABBITMQ_URL: another } };
        await Promise.all(placing);
      });
      expect((await missedBy(system)).flat()).toEqual([]);
    },
    4 * PATIENT_MS,
  );

  it(
    'goes on where all of its connections stay open and are silent, by the deadline that each wait has',
    async () => {
      await judged(linked, async (shop) => {
        const placing = [shop.place(kinds.length)];
        await sleep(UNDER_WAY_MS);
        for (const link of Object.values(linked.links)) link.silenceConnections();
        placing.push(shop.place(kinds.length));
        await Promise.all(placing);
      });
    },
    4 * PATIENT_MS,
  );

  it('ends in its time though nobody answers any more', async () => {
    for (const link of Object.values(linked.links)) link.blackhole();
    const ends = allInstances(linked.system).map((instance) => instance.stop());
    await within(END_MS, 'the end', Promise.all(ends));
  });
});

const { RABBITMQ_URL: real } = process.env;
const vhost = real ? await ownVhost(real).catch(notRun) : undefined;
afterAll(() => vhost?.stop());

function notRun(error: unknown): undefined {
  const why = `no vhost of its own: ${oneLine(error)}`;
  process.stderr.write(`Not run against RABBITMQ_URL: links of acceptance (${why})\n`);
}

(vhost ? describe : describe.skip)('a system whose link to RABBITMQ_URL is disturbed', () => {
  let linked: LinkedSystem;

  beforeAll(async () => {
    linked = await linkedSystem(PATIENCE, vhost ? { RABBITMQ_URL: vhost.url } : {});
    await demoGoods(linked.system.commands[0] ?? '');
  }, START_MS);
  afterAll(() => linked.stop(), START_MS);

  it.each(rowsOf(['RABBITMQ_URL']))(
    'loses nothing and doubles nothing where it $how',
    (row) => disturbed(linked, row),
    4 * PATIENT_MS,
  );
});

async function disturbed(
  linked: LinkedSystem,
  { backEnd, begin, isAway }: Disturbance & { backEnd: BackEnd },
) {
  const link = linked.links[backEnd];
  await judged(linked, async (shop) => {
    const placing = [shop.place(kinds.length)];
    try {
      await sleep(UNDER_WAY_MS);
      begin(link);
      placing.push(shop.place(kinds.length));
      await (isAway ? isMissed(linked, backEnd) : sleep(DISTURBED_MS));
    } finally {
      link.mend();
    }
    await Promise.all(placing);
  });
}

/** Resolves once all sides that need it say that it is what they miss. */
async function isMissed({ system }: LinkedSystem, backEnd: BackEnd): Promise<void> {
  const { name, by } = needed[backEnd];
  await until(async () => (await missedBy(system)).filter((missed) => missed.includes(name)).length === by);
}

/** Orders of all kinds come to their ends, whatever is done, and all is as if nothing had been. */
async function judged({ system }: LinkedSystem, work: (shop: Shop) => Promise<void>): Promise<void> {
  const levels = await levelsAt(system.queries[0] ?? '');
  const shop = new Shop(system);
  await work(shop);
  await until(async () => (await missedBy(system)).flat().length === 0, PATIENT_MS);
  await shop.toTheirEnds(PATIENT_MS);
  expect(shop.orders).toHaveLength(2 * kinds.length);
  expect(await faultsOf(system, shop, levels)).toEqual([]);
}

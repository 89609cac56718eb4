import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Pool } from 'pg';
import { Checkpoints, type Claim } from '@orders/process-managers/checkpoints.js';
import { durationsOf, processSettings } from '@orders/process-managers/configuration.js';
import { type Keeper, type Lease, Leases } from '@orders/process-managers/leases.js';
import { partitionOf } from '@orders/process-managers/order-process/partition.js';
import { ProcessesTable, type Resend } from '@orders/process-managers/order-process/processes.table.js';
import { ParkedTable } from '@orders/process-managers/parking/parked.table.js';
import { QuarantineTable } from '@orders/process-managers/quarantine/quarantine.table.js';
import { migrate } from '@orders/process-managers/postgres.js';
import { PROCESS_ACTOR, type Tracked } from '@orders/process-managers/tracked.js';
import { fromLog } from '@orders/process-managers/testing/memory-log.js';
import { type Turn, anOrder, deadlineOf, story } from '@orders/process-managers/testing/order-story.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { z } from 'zod';
import { Clock } from './clock.js';
import { Database, SimulatedPool } from './database.js';
import { Faults } from './faults.js';
import { Life, Network } from './life.js';
import { type Operation, type Weather, mishaps } from './mishaps.js';

const NAMES = ['one', 'two'];
const calm = Object.fromEntries(Object.keys(mishaps).map((operation) => [operation as Operation, []]));
const durations = durationsOf(z.object(processSettings).parse({}));

/** The tables of the simulator, on the real clock, with nothing that goes wrong. */
function simulated(): Pool {
  const clock = new Clock(0);
  const faults = new Faults(1, calm as unknown as Weather, 1, undefined, () => undefined);
  const database = new Database({ now: Date.now, random: Math.random });
  const parts = { database, network: new Network(clock, faults) };
  return new SimulatedPool(parts, new Life('spec', () => undefined)).asDriver;
}

/** Everything that the process managers do to their tables, but for dead letters. */
class Tables {
  readonly checkpoints;
  readonly quarantine;
  readonly processes;
  readonly parked;
  readonly claims = new Map<string, Claim>();

  /** @param firstMs what was sent is due again at once, or not for a long while: nothing here waits */
  constructor(pool: Pool, firstMs = 0) {
    this.checkpoints = new Checkpoints(pool);
    this.quarantine = new QuarantineTable(pool);
    this.processes = new ProcessesTable(pool, durations, { first: firstMs, most: 7_200_000 });
    this.parked = new ParkedTable(pool, firstMs);
  }

  async run(step: Step): Promise<unknown> {
    switch (step.kind) {
      case 'claim': {
        const claimed = await this.checkpoints.claim([{ name: step.name, token: step.token }]);
        for (const claim of claimed) this.claims.set(claim.name, claim);
        return claimed;
      }
      case 'held':
        return byName(await this.checkpoints.held(NAMES.map((name) => ({ name, token: step.token }))));
      case 'move': {
        const claim = this.claims.get(step.name);
        const moves = claim ? [{ ...claim, to: step.to, caughtUpFor: step.caughtUpFor }] : [];
        const moved = await this.checkpoints.move(moves);
        if (claim && moved.has(claim.name)) this.claims.set(claim.name, { ...claim, position: step.to });
        return [...moved];
      }
      case 'store': {
        const claim = this.claims.get('one');
        if (!claim) return undefined;
        const stored = await this.processes.store(
          [{ tracked: processOf(step.order, step.turns), logAheadMs: 0 }],
          {
            ...{ ...claim, to: step.to, caughtUpFor: step.caughtUpFor },
          },
        );
        if (stored) this.claims.set('one', { ...claim, position: step.to });
        return stored;
      }
      case 'resends':
        return byOrder((await this.processes.takeResends(step.partitions)).map(withoutTime));
      case 'deferred':
        return byOrder((await this.processes.takeDeferred(step.partitions, 100)).map(withoutTime));
      case 'still':
        return [...(await this.processes.stillDeferred(orders.map(({ orderId }) => orderId)))].sort();
      case 'deadlines':
        return byOrder(await this.processes.takeDeadlines(step.partitions));
      case 'park': {
        const { orderId, captured } = orders[step.order]!;
        const awaited = { awaits: step.stream, awaitsType: 'OrderPlaced' } as const;
        return this.parked.park(orderId, fromLog(captured, step.position), awaited);
      }
      case 'match':
        return this.parked.match({ ...fromLog(orders[0]!.placed, step.position), streamId: step.stream });
      case 'overdue':
        return (await this.parked.overdue(step.partitions)).map(({ partition }) => partition).sort();
      case 'end':
        return byOrder(
          await this.parked.deadLetterDue({
            partition: partitionOf(orders[step.order]!.orderId),
            at: new Date(Date.now() - step.forMs).toISOString(),
          }),
        );
      case 'forward':
        await this.processes.bringForward(step.partitions);
        return undefined;
      case 'awaited':
        return [...(await this.parked.awaited(step.partitions))].sort();
      case 'quarantine': {
        const { position, newer } = step;
        await this.quarantine.put(orders[step.order]!.orderId, { position, reason: 'why', newer });
        return byOrder(await this.quarantine.ofPartitions(step.partitions));
      }
      case 'release':
        return this.quarantine.release(orders[step.order]!.orderId, step.position);
    }
  }
}

type Step =
  | { readonly kind: 'claim'; readonly name: string; readonly token: bigint }
  | { readonly kind: 'held'; readonly token: bigint }
  | ({ readonly kind: 'move'; readonly name: string } & Moved)
  | ({ readonly kind: 'store'; readonly order: number; readonly turns: number } & Moved)
  | {
      readonly kind: 'resends' | 'forward' | 'deferred' | 'deadlines' | 'overdue' | 'awaited';
      readonly partitions: readonly number[];
    }
  | { readonly kind: 'still' }
  | { readonly kind: 'end'; readonly order: number; readonly forMs: number }
  | { readonly kind: 'park'; readonly order: number; readonly stream: string; readonly position: bigint }
  | { readonly kind: 'match'; readonly stream: string; readonly position: bigint }
  | {
      readonly kind: 'quarantine';
      readonly order: number;
      readonly position: bigint;
      readonly newer: boolean;
      readonly partitions: readonly number[];
    }
  | { readonly kind: 'release'; readonly order: number; readonly position: bigint };
interface Moved {
  readonly to: bigint;
  readonly caughtUpFor: number | undefined;
}

const orders = ['a', 'b', 'c'].map((key) => anOrder({ key, captureMethod: 'MANUAL' }));

/** The way of an order; a story began long ago, so what it waits for is overdue. */
const turnsOf = (order: ReturnType<typeof anOrder>): readonly Turn[] => [
  order.placed,
  order.deferred('authorize'),
  order.authorized,
  order.reserved(),
  deadlineOf('capture'),
  order.voidFailed(1),
  order.voided,
  order.released(),
  order.rejected('PAYMENT_TIMED_OUT'),
];

function processOf(index: number, turns: number): Tracked {
  const order = orders[index]!;
  const { process, now } = story(order, ...turnsOf(order).slice(0, turns));
  return {
    ...{ state: process, revision: BigInt(turns), startedAt: now },
    stageBegan: { revision: 0n, logAheadMs: undefined },
    origin: { correlationId: 'correlation-1', causationId: `cause-${turns}`, actor: PROCESS_ACTOR },
  };
}

const byName = <Item extends { readonly name: string }>(items: readonly Item[]): Item[] =>
  [...items].sort((one, other) => (one.name < other.name ? -1 : 1));
/** Each has a clock of its own. */
const withoutTime = ({ dueAt: _then, ...resend }: Resend) => resend;
const byOrder = <Item extends { readonly orderId: string }>(items: readonly Item[]): Item[] =>
  [...items].sort((one, other) => (one.orderId < other.orderId ? -1 : 1));

const moved = {
  to: fc.bigInt(0n, 5n),
  caughtUpFor: fc.option(fc.constant(0), { nil: undefined }),
};
const name = fc.constantFrom(...NAMES);
const partitions = fc.constantFrom(
  orders.map(({ orderId }) => partitionOf(orderId)),
  [partitionOf(orders[0]!.orderId)],
);
const order = fc.nat(orders.length - 1);
const stream = fc.constantFrom('order-a', 'order-b');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), name, token: fc.bigInt(1n, 4n) }),
  fc.record({ kind: fc.constant('held' as const), token: fc.bigInt(1n, 4n) }),
  fc.record({ kind: fc.constant('move' as const), name, ...moved }),
  fc.record({ kind: fc.constant('store' as const), order, turns: fc.integer({ min: 1, max: 9 }), ...moved }),
  fc.record({
    kind: fc.constantFrom('resends' as const, 'forward', 'deferred', 'deadlines', 'overdue', 'awaited'),
    partitions,
  }),
  fc.record({ kind: fc.constant('park' as const), order, stream, position: fc.bigInt(1n, 6n) }),
  fc.record({ kind: fc.constant('match' as const), stream, position: fc.bigInt(1n, 7n) }),
  fc.constant({ kind: 'still' as const }),
  fc.record({ kind: fc.constant('end' as const), order, forMs: fc.constantFrom(0, 7_200_000) }),
  fc.record({
    ...{ kind: fc.constant('quarantine' as const), order, partitions },
    ...{ position: fc.bigInt(1n, 2n), newer: fc.boolean() },
  }),
  fc.record({ kind: fc.constant('release' as const), order, position: fc.bigInt(1n, 2n) }),
);

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  beforeAll(async () => {
    server = await databaseOf(real);
    await migrate(server.url, silent);
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  const empty = () =>
    pool.query(`TRUNCATE process_managers.leases, process_managers.instances, process_managers.checkpoints,
      process_managers.processes, process_managers.quarantine, process_managers.parked`);
  beforeEach(empty);

  it('the tables of the simulator answer as those in Postgres do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        fc.constantFrom(0, 3_600_000),
        async (steps, firstMs) => {
          await empty();
          const [there, here] = [new Tables(pool, firstMs), new Tables(simulated(), firstMs)];
          for (const tables of [there, here]) await tables.checkpoints.seed(NAMES, 'this-log');
          // Without a claim nothing moves.
          const begun: Step[] = [{ kind: 'claim', name: 'one', token: 1n }, ...steps];
          for (const one of begun) expect([one, await here.run(one)]).toEqual([one, await there.run(one)]);
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);

  it('another log is refused by both', async () => {
    for (const on of [pool, simulated()]) {
      const { checkpoints } = new Tables(on);
      await checkpoints.seed(NAMES, 'this-log');
      await expect(checkpoints.seed(NAMES, 'another-log')).rejects.toThrow('belongs to another event log');
    }
  });

  it('leases are shared by both, and taken over where their holder is gone', async () => {
    for (const on of [pool, simulated()]) {
      const keepers = [new Held(), new Held(), new Held()];
      const times = { ttlMs: 300, renewEveryMs: 20 };
      const [first, second, third] = keepers.map(
        (keeper, index) => new Leases(on, `instance-${index}`, [keeper], silent, times),
      );
      const counts = () => keepers.map(({ held }) => held.size);
      await first!.start();
      expect(counts()).toEqual([8, 0, 0]);
      await second!.start();
      await until(() => Promise.resolve(String(counts()) === '4,4,0'));
      await first!.stop();
      await until(() => Promise.resolve(String(counts()) === '0,8,0'));
      await second!.stop();
      await third!.start();
      await until(() => Promise.resolve(String(counts()) === '0,0,8'));
      const tokens = [...keepers[2]!.held.values()];
      expect(Math.min(...tokens.map(Number))).toBeGreaterThan(1);
      await third!.stop();
    }
  }, 30_000);
});

class Held implements Keeper {
  readonly names = Array.from({ length: 8 }, (_none, index) => `work-${index}`);
  readonly held = new Map<string, bigint>();

  gained(leases: readonly Lease[]): Promise<void> {
    for (const { name: gained, token } of leases) this.held.set(gained, token);
    return Promise.resolve();
  }
  lost(names: readonly string[]): void {
    for (const lost of names) this.held.delete(lost);
  }
  release(names: readonly string[]): Promise<void> {
    this.lost(names);
    return Promise.resolve();
  }
}

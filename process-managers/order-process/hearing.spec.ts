import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, logPosition } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import type { LogBatch } from '@orders/shared-events/transport/subscription.js';
import { Pool } from 'pg';
import { Checkpoints } from '../checkpoints.js';
import { migrate } from '../postgres.js';
import type { Quarantined } from '../quarantine/quarantine.table.js';
import { fromLog } from '../testing/memory-log.js';
import { anOrder } from '../testing/order-story.js';
import { Hearing } from './hearing.js';
import { partitionNames, partitionOf } from './partition.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  let checkpoints: Checkpoints;
  beforeAll(async () => {
    server = await databaseOf(real);
    await migrate(server.url, silent);
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    checkpoints = new Checkpoints(pool);
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  /** A log that is handed out event by event, to each subscription from where it asks. */
  class Feed {
    readonly events: RecordedEvent[] = [];
    readonly asked: (bigint | undefined)[] = [];
    #wake: () => void = () => undefined;

    add(...events: RecordedEvent[]): void {
      this.events.push(...events);
      this.#wake();
    }
    head = ({ atLeast = 0n }: { readonly atLeast?: bigint } = {}) =>
      Promise.resolve(this.events.at(-1)?.position ?? atLeast);

    async *subscribe({
      after,
      signal,
    }: {
      after: bigint | undefined;
      signal: AbortSignal;
    }): AsyncGenerator<LogBatch> {
      this.asked.push(after);
      let seen = after ?? -1n;
      while (!signal.aborted) {
        const next = this.events.find(({ position }) => position > seen);
        if (!next) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
            signal.addEventListener('abort', () => resolve());
          });
          continue;
        }
        seen = next.position;
        yield { events: [next], position: seen, caughtUp: next === this.events.at(-1) };
      }
    }
  }

  let feed: Feed;
  let heard: { orderId: OrderId; position: bigint }[];
  let hear: () => Promise<void>;
  let gained: number[];
  let inQuarantine: Quarantined[];
  let toldOf: { partitions: readonly number[]; kept: readonly Quarantined[] }[];
  let letGo: { orderId: OrderId; from: bigint; upTo: bigint }[];
  let hearing: Hearing;
  let token = 0n;

  beforeEach(async () => {
    await pool.query('TRUNCATE process_managers.checkpoints');
    await checkpoints.seed(partitionNames, 'this-log');
    feed = new Feed();
    [inQuarantine, toldOf, letGo] = [[], [], []];
    heard = [];
    gained = [];
    hear = () => Promise.resolve();
    hearing = hearingWith(checkpoints);
  });
  afterEach(() => hearing.stop());

  const hearingWith = (kept: Checkpoints): Hearing =>
    new Hearing({
      log: feed,
      runner: {
        hear: (orderId, { position }) => {
          heard.push({ orderId, position });
          return hear();
        },
        keepInQuarantine: (partitions, kept) => void toldOf.push({ partitions, kept }),
        letGo: (orderId, { from, upTo }) => Promise.resolve(void letGo.push({ orderId, from, upTo })),
      },
      checkpoints: kept,
      quarantine: { ofPartitions: () => Promise.resolve(inQuarantine) },
      parking: { gained: (partitions) => Promise.resolve(void gained.push(...partitions)) },
      logger: silent,
    });

  const inPartition = (partition: number) => {
    for (let n = 0; ; n++) {
      const order = anOrder({ key: String(n) });
      if (partitionOf(order.orderId) === partition) return order;
    }
  };
  const [one, other] = [inPartition(1), inPartition(2)];
  const lease = (...partitions: number[]) =>
    partitions.map((partition) => ({ name: partitionNames[partition] ?? '', token: ++token }));
  const stored = async (partition: number): Promise<bigint> => {
    const { rows } = await pool.query<{ position: string }>(
      'SELECT position FROM process_managers.checkpoints WHERE name = $1',
      [partitionNames[partition]],
    );
    return BigInt(rows[0]?.position ?? 0);
  };
  const positions = () => heard.map(({ position }) => position);

  describe('hearing', () => {
    it('passes on the events of the partitions that it holds, and of no others', async () => {
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 5n), fromLog(other.placed, 6n), fromLog(one.captured, 7n));
      await until(() => heard.length === 2);
      expect(positions()).toEqual([5n, 7n]);
    });

    it('passes on what the provider told of a payment that nobody asked for', async () => {
      await hearing.gained(lease(1));
      feed.add(fromLog(one.unmatched, 5n));
      await until(() => heard.length === 1);
    });

    it('knows what is parked in a partition before it hears it', async () => {
      feed.add(fromLog(one.requested, 5n));
      await hearing.gained(lease(1, 2));
      expect([gained, heard]).toEqual([[1, 2], []]);
      await until(() => heard.length === 1);
    });

    it('knows what is in quarantine before it hears it, and lets go on what this build may be able to read', async () => {
      const [claim] = await checkpoints.claim(lease(1));
      if (claim) await checkpoints.move([{ ...claim, to: 9n, caughtUpFor: 0 }]);
      const why = { position: 5n, reason: 'why' };
      inQuarantine = [
        { orderId: one.orderId, ...why, newer: true },
        { orderId: other.orderId, ...why, newer: false },
      ];
      await hearing.gained(lease(1, 2));
      expect(toldOf).toEqual([{ partitions: [1, 2], kept: inQuarantine }]);
      expect(letGo).toEqual([{ orderId: one.orderId, from: 5n, upTo: 9n }]);
    });

    it('passes on that an order is to be let go on', async () => {
      await hearing.gained(lease(1));
      const data = { orderId: one.orderId, from: logPosition(4n) };
      feed.add(fromLog({ type: 'QuarantineReleaseRequested', data }, 5n));
      await until(() => heard.length === 1);
    });

    it('stores how far it came, past what concerns others', async () => {
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 5n), fromLog(other.placed, 6n));
      await until(() => hearing.settled(0).length === 1);
      await hearing.store();
      expect(await stored(1)).toBe(6n);
    });

    it('does not store beyond an event that is still in hand', async () => {
      hear = () => new Promise(() => undefined);
      await hearing.gained(lease(1, 2));
      feed.add(fromLog(one.placed, 5n), fromLog(one.captured, 6n), fromLog(other.placed, 7n));
      await until(() => heard.length === 3);
      hear = () => Promise.resolve();
      feed.add(fromLog(other.captured, 8n));
      await until(() => heard.length === 4);
      await hearing.store();
      expect(await stored(1)).toBe(-1n);
    });

    it('leaves in hand what could not be heard, so that the next holder hears it', async () => {
      hear = () => Promise.reject(new Error('stopping'));
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 5n), fromLog(other.placed, 6n));
      await until(() => heard.length === 1);
      await hearing.store();
      expect(await stored(1)).toBe(-1n);
    });

    it('hears a partition that it gains later from its own checkpoint, and no other twice', async () => {
      feed.add(fromLog(one.placed, 5n), fromLog(other.placed, 6n));
      await hearing.gained(lease(1));
      await until(() => heard.length === 1);
      await hearing.gained(lease(2));
      feed.add(fromLog(one.captured, 7n));
      await until(() => heard.length === 3);
      expect(positions()).toEqual([5n, 6n, 7n]);
      expect(feed.asked).toEqual([undefined, undefined]);
    });

    it('begins behind what was stored', async () => {
      const [claim] = await checkpoints.claim(lease(1));
      if (claim) await checkpoints.move([{ ...claim, to: 5n, caughtUpFor: 0 }]);
      feed.add(fromLog(one.placed, 5n), fromLog(one.captured, 7n));
      await hearing.gained(lease(1));
      await until(() => heard.length === 1);
      expect([feed.asked, positions()]).toEqual([[5n], [7n]]);
    });

    it('stops with a partition that it lost', async () => {
      await hearing.gained(lease(1, 2));
      feed.add(fromLog(one.placed, 5n));
      await until(() => heard.length === 1);
      hearing.lost(lease(1).map(({ name }) => name));
      feed.add(fromLog(one.captured, 6n), fromLog(other.placed, 7n));
      await until(() => heard.length === 2);
      expect(positions()).toEqual([5n, 7n]);
    });

    it('notices by its checkpoint that somebody else has taken a partition', async () => {
      await hearing.gained(lease(1));
      await checkpoints.claim(lease(1));
      feed.add(fromLog(one.placed, 5n));
      await until(() => heard.length === 1);
      await hearing.store();
      expect(hearing.partitions).toEqual([]);
    });

    it('keeps a partition that it lost and gained again while an earlier store was on its way', async () => {
      let answer: (() => void) | undefined;
      class Slow extends Checkpoints {
        override async move(moves: Parameters<Checkpoints['move']>[0]): Promise<ReadonlySet<string>> {
          await new Promise<void>((resolve) => (answer = resolve));
          return super.move(moves);
        }
      }
      hearing = hearingWith(new Slow(pool));
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 5n));
      await until(() => heard.length === 1);
      const stored = hearing.store();
      await until(() => answer !== undefined);
      hearing.lost([partitionNames[1] ?? '']);
      await hearing.gained(lease(1));
      answer?.();
      await stored;
      expect(hearing.partitions).toEqual([1]);
      feed.add(fromLog(one.captured, 6n));
      await until(() => positions().includes(6n));
    });

    it('goes on when a move was made whose answer was lost', async () => {
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 5n));
      await until(() => hearing.settled(0).length === 1);
      await pool.query('UPDATE process_managers.checkpoints SET position = 5 WHERE name = $1', [
        partitionNames[1],
      ]);
      await hearing.store();
      feed.add(fromLog(one.captured, 6n));
      await until(() => heard.length === 2);
      await until(async () => {
        await hearing.store();
        return (await stored(1)) === 6n;
      });
    });

    it('finishes what is in hand before it gives a partition up', async () => {
      let finish: () => void = () => undefined;
      hear = () => new Promise((resolve) => (finish = resolve));
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 5n));
      await until(() => heard.length === 1);
      const released = hearing.release([partitionNames[1] ?? '']);
      feed.add(fromLog(one.captured, 6n));
      finish();
      await released;
      expect(await stored(1)).toBe(5n);
      expect(positions()).toEqual([5n]);
    });

    it('has heard up to the time at which it last looked forward, once all that was there then is heard', async () => {
      const blocked = Promise.withResolvers<undefined>();
      hear = () => blocked.promise;
      await hearing.gained(lease(1, 2));
      await hearing.lookForward();
      expect(hearing.heardUpTo(1)).toBeLessThanOrEqual(performance.now());
      feed.add(fromLog(one.placed, 10n));
      await until(() => heard.length === 1);
      const before = performance.now();
      await hearing.lookForward();
      await until(() => (hearing.heardUpTo(2) ?? 0) >= before);
      expect(hearing.heardUpTo(1)).toBeLessThan(before);
      blocked.resolve(undefined);
      await until(() => (hearing.heardUpTo(1) ?? 0) >= before);
      expect(hearing.heardUpTo(3)).toBeUndefined();
    });

    it('looks no further forward before it has heard what it saw there', async () => {
      const blocked = Promise.withResolvers<undefined>();
      hear = () => blocked.promise;
      await hearing.gained(lease(1));
      feed.add(fromLog(one.placed, 10n));
      await until(() => heard.length === 1);
      await hearing.lookForward();
      const after = performance.now();
      feed.add(fromLog(one.captured, 11n));
      await until(() => heard.length === 2);
      await hearing.lookForward();
      blocked.resolve(undefined);
      await until(() => (hearing.heardUpTo(1) ?? 0) > 0);
      expect(hearing.heardUpTo(1)).toBeLessThanOrEqual(after);
    });

    it('is settled once it heard all that was there when the partition was gained', async () => {
      feed.add(fromLog(one.placed, 5n), fromLog(one.captured, 6n));
      await hearing.gained(lease(1));
      await until(() => hearing.settled(0).length === 1);
      expect(positions()).toEqual([5n, 6n]);
      expect(hearing.settled(60_000)).toEqual([]);
    });
  });
});

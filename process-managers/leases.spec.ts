import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Pool } from 'pg';
import { type Keeper, type Lease, Leases } from './leases.js';
import { migrate } from './postgres.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const TIMES = { ttlMs: 800, renewEveryMs: 100 };
  const NAMES = Array.from({ length: 8 }, (_, index) => `work-${index}`);

  /** Notes what it is told. */
  class Notes implements Keeper {
    readonly names = NAMES;
    readonly held = new Map<string, bigint>();
    readonly lostOnes: string[] = [];
    readonly released: string[] = [];

    gained(leases: readonly Lease[]): Promise<void> {
      for (const { name, token } of leases) this.held.set(name, token);
      return Promise.resolve();
    }
    lost(names: readonly string[]): void {
      for (const name of names) this.held.delete(name);
      this.lostOnes.push(...names);
    }
    release(names: readonly string[]): Promise<void> {
      for (const name of names) this.held.delete(name);
      this.released.push(...names);
      return Promise.resolve();
    }
  }

  let server: Server;
  let pool: Pool;
  beforeAll(async () => {
    server = await databaseOf(real);
    await migrate(server.url, silent);
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  let made: Leases[];
  beforeEach(() => {
    made = [];
  });
  afterEach(async () => {
    await Promise.all(made.map((leases) => leases.stop()));
    await pool.query('TRUNCATE process_managers.leases, process_managers.instances');
  });

  function instance(name: string, keeper: Keeper, on: Pool = pool): Leases {
    const leases = new Leases(on, name, [keeper], silent, TIMES);
    made.push(leases);
    return leases;
  }

  /** An instance that will die: its connection to Postgres is gone, and nothing is said. */
  async function mortal(name: string, keeper: Keeper): Promise<() => Promise<void>> {
    const own = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    own.on('error', () => undefined);
    await instance(name, keeper, own).start();
    return () => own.end();
  }

  async function heldIn(holder: string): Promise<number> {
    const { rows } = await pool.query<{ held: number }>(
      'SELECT count(*)::int AS held FROM process_managers.leases WHERE holder = $1 AND expires_at > now()',
      [holder],
    );
    return rows[0]!.held;
  }

  async function living(): Promise<number> {
    const { rows } = await pool.query<{ living: number }>(
      'SELECT count(*)::int AS living FROM process_managers.instances',
    );
    return rows[0]!.living;
  }

  /** Resolves once every lease runs out later than any did before. */
  async function allRenewed(): Promise<void> {
    // As text: a Date keeps three digits.
    const { rows } = await pool.query<{ at: string }>(
      'SELECT max(expires_at)::text AS at FROM process_managers.leases',
    );
    await until(async () => {
      const later = await pool.query<{ later: boolean }>(
        'SELECT min(expires_at) > $1::timestamptz AS later FROM process_managers.leases',
        [rows[0]!.at],
      );
      return later.rows[0]!.later;
    });
  }

  describe('leases', () => {
    it('all go to the only instance', async () => {
      const one = new Notes();
      await instance('one', one).start();
      expect([...one.held.keys()].sort()).toEqual(NAMES);
    });

    it('are shared fairly when another instance comes, and never held twice', async () => {
      const [one, two] = [new Notes(), new Notes()];
      await instance('one', one).start();
      await instance('two', two).start();
      await until(() => one.held.size === 4 && two.held.size === 4);
      expect([...one.held.keys(), ...two.held.keys()].sort()).toEqual(NAMES);
      expect(one.released).toHaveLength(4);
    });

    it('stay where they are while they are renewed', async () => {
      const one = new Notes();
      await instance('one', one).start();
      await allRenewed();
      expect(one.lostOnes).toEqual([]);
    });

    it('are freed at once by an instance that stops', async () => {
      const [one, two] = [new Notes(), new Notes()];
      const first = instance('one', one);
      await first.start();
      await first.stop();
      await instance('two', two).start();
      expect(two.held.size).toBe(NAMES.length);
    });

    it('of an instance that died are taken over, with higher tokens', async () => {
      const [one, two] = [new Notes(), new Notes()];
      const die = await mortal('one', one);
      const before = new Map(one.held);
      await die();
      await instance('two', two).start();
      await until(() => two.held.size === NAMES.length);
      for (const name of NAMES) expect(two.held.get(name)).toBe((before.get(name) ?? 0n) + 1n);
    });

    it('are let go by an instance that cannot renew them', async () => {
      const one = new Notes();
      const die = await mortal('one', one);
      await die();
      await until(() => one.held.size === 0);
      expect(one.lostOnes.sort()).toEqual(NAMES);
    });

    it('that somebody else has taken meanwhile are lost', async () => {
      const one = new Notes();
      await instance('one', one).start();
      await pool.query(
        `UPDATE process_managers.leases SET holder = 'two', token = token + 1 WHERE name = 'work-3'`,
      );
      await until(() => one.lostOnes.includes('work-3'));
      expect(one.held.has('work-3')).toBe(false);
    });

    it('are renewed while the work takes long to begin', async () => {
      const begun = Promise.withResolvers<undefined>();
      const one = new Notes();
      const gained = one.gained.bind(one);
      one.gained = async (leases) => {
        await begun.promise;
        await gained(leases);
      };
      const started = instance('one', one).start();
      await until(async () => (await heldIn('one')) === NAMES.length);
      await allRenewed();
      begun.resolve(undefined);
      await started;
      expect([one.held.size, one.lostOnes]).toEqual([NAMES.length, []]);
    });

    it('are renewed while the work takes long to end, and free once it has', async () => {
      const ended = Promise.withResolvers<undefined>();
      const [one, two] = [new Notes(), new Notes()];
      await instance('one', one).start();
      const release = one.release.bind(one);
      one.release = async (names) => {
        await ended.promise;
        await release(names);
      };
      await instance('two', two).start();
      await until(async () => (await living()) === 2);
      await allRenewed();
      await allRenewed();
      expect([await heldIn('one'), two.held.size]).toEqual([NAMES.length, 0]);
      ended.resolve(undefined);
      await until(() => two.held.size === 4);
      expect(one.lostOnes).toEqual([]);
    });

    it('that are lost while the work begins are lost once it has begun', async () => {
      const begun = Promise.withResolvers<undefined>();
      const one = new Notes();
      const gained = one.gained.bind(one);
      one.gained = async (leases) => {
        await begun.promise;
        await gained(leases);
      };
      const started = instance('one', one).start();
      await until(async () => (await heldIn('one')) === NAMES.length);
      await pool.query(
        `UPDATE process_managers.leases SET holder = 'two', token = token + 1, expires_at = 'infinity' WHERE name = 'work-3'`,
      );
      await until(() => one.lostOnes.includes('work-3'));
      begun.resolve(undefined);
      await started;
      expect([...one.held.keys()].sort()).toEqual(NAMES.filter((name) => name !== 'work-3'));
    });

    it('are let go by an instance whose database does not answer', async () => {
      const link = await SeverableLink.to(server.url);
      const own = new Pool({ connectionString: link.url });
      own.on('error', () => undefined);
      const one = new Notes();
      await instance('one', one, own).start();
      link.blackhole();
      await until(() => one.held.size === 0);
      expect(one.lostOnes.sort()).toEqual(NAMES);
      link.restore();
      await until(() => one.held.size === NAMES.length);
      await made.pop()?.stop();
      await own.end();
      await link.close();
    });

    it('are taken by the next turn where the database went away while the first of them were', async () => {
      const away: Keeper & { failures: number } = {
        ...{ names: NAMES, failures: 2 },
        gained: () =>
          away.failures-- > 0
            ? Promise.reject(new Error('timeout exceeded when trying to connect'))
            : Promise.resolve(),
        lost: () => undefined,
        release: () => Promise.resolve(),
      };
      await instance('one', away).start();
      await until(async () => (await heldIn('one')) === NAMES.length && away.failures < 0);
    });

    it('are given back when the work cannot begin', async () => {
      const failing: Keeper = {
        names: NAMES,
        gained: () => Promise.reject(new Error('cannot begin')),
        lost: () => undefined,
        release: () => Promise.resolve(),
      };
      await expect(instance('one', failing).start()).rejects.toThrow('cannot begin');
      const two = new Notes();
      await instance('two', two).start();
      await until(() => two.held.size > 0);
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { Pool } from 'pg';
import { BEGINNING, Checkpoints, OtherLog } from './checkpoints.js';
import { migrate } from './postgres.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  let checkpoints: Checkpoints;
  beforeAll(async () => {
    server = await databaseOf(real);
    // As instances that boot at the same time do.
    await Promise.all([1, 2, 3].map(() => migrate(server.url, silent)));
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    checkpoints = new Checkpoints(pool);
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  beforeEach(async () => {
    await pool.query('TRUNCATE process_managers.checkpoints');
    await checkpoints.seed(['one', 'two'], 'this-log');
  });

  const claimed = async (name: string, token: bigint) => {
    const [claim] = await checkpoints.claim([{ name, token }]);
    if (!claim) throw new Error(`${name} was not to be had`);
    return claim;
  };

  describe('a checkpoint', () => {
    it('begins before the first event', async () => {
      expect(await claimed('one', 1n)).toEqual({ name: 'one', token: 1n, position: BEGINNING });
    });

    it('moves for whoever claimed it', async () => {
      const claim = await claimed('one', 1n);
      expect(await checkpoints.move([{ ...claim, to: 17n, caughtUpFor: 0 }])).toEqual(new Set(['one']));
      expect(await claimed('one', 2n)).toMatchObject({ position: 17n });
    });

    it('does not move for a former holder', async () => {
      const former = await claimed('one', 1n);
      await claimed('one', 2n);
      expect(await checkpoints.move([{ ...former, to: 17n, caughtUpFor: 0 }])).toEqual(new Set());
      expect(await checkpoints.held([former])).toEqual([]);
    });

    it('does not move from a position where it does not stand', async () => {
      const claim = await claimed('one', 1n);
      await checkpoints.move([{ ...claim, to: 17n, caughtUpFor: 0 }]);
      expect(await checkpoints.move([{ ...claim, to: 12n, caughtUpFor: 0 }])).toEqual(new Set());
      expect(await checkpoints.held([claim])).toEqual([{ ...claim, position: 17n }]);
    });

    it('cannot be claimed with a token that is not higher', async () => {
      await claimed('one', 2n);
      expect(await checkpoints.claim([{ name: 'one', token: 2n }])).toEqual([]);
    });

    it('moves beside others, each by itself', async () => {
      const [one, two] = [await claimed('one', 1n), await claimed('two', 1n)];
      await claimed('two', 2n);
      const moved = await checkpoints.move([one, two].map((claim) => ({ ...claim, to: 5n, caughtUpFor: 0 })));
      expect(moved).toEqual(new Set(['one']));
    });

    it('of another log is refused with a line that says so', async () => {
      const refused = checkpoints.seed(['one', 'three'], 'another-log');
      await expect(refused).rejects.toThrow(OtherLog);
      await expect(refused).rejects.toThrow(/belongs to another event log/);
    });
  });
});

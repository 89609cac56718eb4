import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { logPosition } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { migrate } from '../postgres.js';
import { type Stand, stand } from '../testing/stand.js';
import { ReplayRequests } from './replay-requests.js';
import { ReplaysTable } from './replays.table.js';

/** An instance that ends before it comes to the row. */
class BrokenOff extends ReplaysTable {
  override end(): Promise<void> {
    return Promise.reject(new Error('the database has gone'));
  }
}

const asked = (key: string, reason = 'ticket 4711') => ({
  ...{ key, actor: { kind: 'operator', subject: 'jane' } as const, reason },
  context: { correlationId: key, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
});
const now = () => new Date().toISOString();

describe.each(serverRows('DATABASE_URL'))(
  'on %s, a replay of which nobody has told anything yet',
  (_title, real) => {
    let servers: Stand;
    let replays: ReplaysTable;
    let requests: ReplayRequests;

    beforeAll(async () => {
      servers = await stand(real);
      await migrate(servers.urls.DATABASE_URL, silent);
      replays = new ReplaysTable(servers.pool);
      requests = new ReplayRequests(servers.store, replays, now);
    });
    afterAll(() => servers.stop());

    /** Its id. */
    async function requested(key: string): Promise<string> {
      const stretch = {
        ...{ from: { time: '2026-01-01T00:00:00.000Z' }, upTo: logPosition(0n) },
        routingKeys: ['order.created'],
      };
      const outcome = await requests.request(stretch, asked(key), false);
      if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
      return String(outcome.requested.event.data['replayId']);
    }

    it('is stopped by the repeat of a request that was recorded and went no further', async () => {
      const id = await requested('one');
      const brokenOff = new ReplayRequests(servers.store, new BrokenOff(servers.pool), now);
      await expect(brokenOff.stop(id, asked('stop'), false)).rejects.toThrow('the database has gone');
      expect(await replays.one(id)).toMatchObject({ state: 'running' });
      expect(await requests.stop(id, asked('stop'), true)).toMatchObject({ outcome: 'repeated' });
      expect(await replays.one(id)).toMatchObject({ state: 'running' });
      expect(await requests.stop(id, asked('stop'), false)).toMatchObject({ outcome: 'repeated' });
      expect(await replays.one(id)).toMatchObject({ state: 'stopped' });
    });

    it('is stopped by another request, too, which is told that it was', async () => {
      const id = await requested('two');
      const brokenOff = new ReplayRequests(servers.store, new BrokenOff(servers.pool), now);
      await expect(brokenOff.stop(id, asked('stop'), false)).rejects.toThrow('the database has gone');
      expect(await requests.stop(id, asked('another'), false)).toEqual({ outcome: 'not running' });
      expect(await replays.one(id)).toMatchObject({ state: 'stopped' });
    });

    it('answers a repeat of its stop with what was recorded, and not what somebody else asks under the key', async () => {
      const id = await requested('three');
      const first = await requests.stop(id, asked('stop'), false);
      expect(first).toMatchObject({ outcome: 'done' });
      expect(await requests.stop(id, asked('stop'), false)).toEqual({ ...first, outcome: 'repeated' });
      expect(await requests.stop(id, asked('stop', 'another reason'), false)).toEqual({
        outcome: 'key reused',
      });
    });
  },
);

import { afterAll, afterEach, beforeAll, expect, it, describe } from '@jest/globals';
import { requestIdOf, requestStream } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Checkpoints } from '../checkpoints.js';
import type { SoleFollower } from '../following.js';
import { migrate } from '../postgres.js';
import { ObedientCommandSide } from '../testing/obedient-command-side.js';
import { type Stand, stand } from '../testing/stand.js';
import { together } from '../testing/together.js';
import { deadLetterSender } from './dead-letter-sender.js';
import { DeadLetters } from './dead-letters.table.js';

const INSERT = `
  INSERT INTO process_managers.dead_letters
    (queue, message_key, routing_key, reason, attempts, headers, content, first_failure_at, last_failure_at)
  SELECT 'commands.order', n, 'order.ConfirmOrder', 'why not', 5, '{}', '{}', now(), now()
  FROM generate_series(1, 3) AS n RETURNING id, version`;

describe.each(serverRows('DATABASE_URL'))('on %s, what is done about dead letters', (_title, real) => {
  let servers: Stand;
  let running: SoleFollower | undefined;

  beforeAll(async () => {
    servers = await stand(real);
    await migrate(servers.urls.DATABASE_URL, silent);
    await new Checkpoints(servers.pool).seed(['dead-letters'], 'this-log');
  });
  afterEach(() => running?.release());
  afterAll(() => servers.stop());

  it('is no more than what is under way, once it is to stop', async () => {
    const writer = new ObedientCommandSide(servers.store, servers.bus);
    const { rows } = await servers.pool.query<{ id: string; version: number }>(INSERT);
    const decide = async (type: string, letters: readonly unknown[], more: object = {}) => {
      const requestId = requestIdOf('deadLetters', type);
      await writer.append(requestStream('deadLetters', requestId), type, { requestId, letters, ...more });
    };
    await decide('DeadLettersRequeued', rows.slice(0, 2), { edited: false });
    await decide('DeadLettersDiscarded', rows.slice(2));
    let [sent, answer] = [0, () => {}];
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const publishBytes = () => {
      sent += 1;
      return answered;
    };
    const letters = new DeadLetters(servers.pool);
    running = deadLetterSender({
      ...{ log: together(servers.store), checkpoints: new Checkpoints(servers.pool), logger: silent },
      ...{ bus: { publishBytes }, letters },
    });
    await running.gained([{ name: 'dead-letters', token: 1n }]);
    await until(() => sent === 1);
    const released = running.release();
    answer();
    await released;
    const states = (await letters.list(10, undefined)).map(({ state }) => state);
    expect([sent, states.sort()]).toEqual([1, ['open', 'open', 'requeued']]);
  });
});

import { afterAll, beforeAll, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { until } from '@orders/shared-events/testing/until.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type Stand, stand } from './testing/stand.js';

/** More often than that they say that nothing is waiting while nothing happens. */
const IDLE_NEWS_S = 6;

let servers: Stand;
let link: SeverableLink;
let eventStore: EventStore;

beforeAll(async () => {
  servers = await stand({});
  link = await SeverableLink.to(servers.urls.EVENTSTORE_URL);
  eventStore = new EventStore(link.url, silent);
});
afterAll(async () => {
  await servers.stop();
  await eventStore.close();
  await link.close();
});

/** Of the checkpoint that was last known to be behind nothing, and of the one for which that is longest ago. */
async function secondsSinceCaughtUp(): Promise<{ readonly newest: number; readonly oldest: number }> {
  const { rows } = await servers.pool.query<{ newest: number; oldest: number }>(`
    SELECT extract(epoch FROM now() - max(caught_up_at))::float8 AS newest,
           extract(epoch FROM now() - min(caught_up_at))::float8 AS oldest
    FROM process_managers.checkpoints`);
  return rows[0]!;
}

it('nobody says that nothing is waiting once the link to the log is lost, and all do once it is back', async () => {
  await servers.instance({}, { eventStore }).start();
  await until(async () => (await secondsSinceCaughtUp()).oldest < IDLE_NEWS_S);
  link.sever();
  await until(async () => (await secondsSinceCaughtUp()).newest > IDLE_NEWS_S);
  link.mend();
  await until(async () => (await secondsSinceCaughtUp()).oldest < IDLE_NEWS_S);
}, 60_000);

import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { until } from '@orders/shared-events/testing/until.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { Pool } from 'pg';
import { migrate, openPool } from './postgres.js';
import type { ProcessManagers } from './process-managers.js';
import { type Stand, stand } from './testing/stand.js';

let servers: Stand;
let links: Record<'DATABASE_URL' | 'EVENTSTORE_URL', SeverableLink>;
let eventStore: EventStore;
let pool: Pool;

beforeEach(async () => {
  servers = await stand({});
  const { DATABASE_URL, EVENTSTORE_URL } = servers.urls;
  links = {
    DATABASE_URL: await SeverableLink.to(DATABASE_URL),
    EVENTSTORE_URL: await SeverableLink.to(EVENTSTORE_URL),
  };
  eventStore = new EventStore(links.EVENTSTORE_URL.url, silent);
  pool = openPool(links.DATABASE_URL.url, silent);
});
afterEach(async () => {
  await servers.stop();
  await Promise.all([eventStore.close(), pool.end()]);
  await Promise.all(Object.values(links).map((link) => link.close()));
});

/** Instances over the links, whose warnings are counted. */
function world(): { instance: ProcessManagers; warnings: unknown[] } {
  const warnings: unknown[] = [];
  const logger = { ...silent, warn: (about: unknown) => void warnings.push(about) };
  const parts = { eventStore, pool, logger, migrate: () => migrate(links.DATABASE_URL.url, silent) };
  return { instance: servers.instance({}, parts), warnings };
}

it.each(['DATABASE_URL', 'EVENTSTORE_URL'] as const)('a start waits for %s', async (server) => {
  links[server].sever();
  const { instance, warnings } = world();
  const started = instance.start();
  await until(() => warnings.length > 2);
  links[server].mend();
  await started;
});

it('a start that waits ends with a stop', async () => {
  links.DATABASE_URL.sever();
  const { instance, warnings } = world();
  const started = expect(instance.start()).rejects.toThrow('stopped while it started');
  await until(() => warnings.length > 0);
  await instance.stop();
  await started;
});

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { until } from '@orders/shared-events/testing/until.js';
import { openPool } from '@orders/shared-events/transport/postgres.js';
import { isDatabaseOutage } from '@orders/shared-events/transport/outage.js';
import { within } from '@orders/shared-events/transport/waiting.js';
import type { Pool } from 'pg';
import { migrate } from './postgres.js';
import { type Stand, stand } from './testing/stand.js';

/** Longer than an instance and its connections have for their end. */
const STOP_DEADLINE_MS = 20_000;
/** So that nothing ends because a statement does. */
const STATEMENT_MS = 10 * STOP_DEADLINE_MS;

let servers: Stand;
let link: SeverableLink;
let pool: Pool;

beforeAll(async () => {
  servers = await stand({});
});
afterAll(() => servers.stop());
beforeEach(async () => {
  link = await SeverableLink.to(servers.urls.DATABASE_URL);
  pool = openPool({
    ...{ url: link.url, name: 'spec', logger: silent, max: 8, statementTimeoutMs: STATEMENT_MS },
  });
});
afterEach(async () => {
  link.restore();
  await link.close();
});

async function leasesHeld(): Promise<number> {
  const { rows } = await servers.pool.query<{ held: number }>(
    'SELECT count(*)::int AS held FROM process_managers.leases WHERE expires_at > now()',
  );
  return rows[0]?.held ?? 0;
}

it('process managers whose database does not answer end in time, and others go on with their work', async () => {
  const one = servers.instance({}, { pool, migrate: () => migrate(link.url, silent) });
  await one.start();
  await until(async () => (await leasesHeld()) > 0);
  link.blackhole();
  await within(
    STOP_DEADLINE_MS,
    'the end',
    one.stop().then(() => pool.end()),
  );
  await until(async () => (await leasesHeld()) === 0);
  const two = servers.instance();
  await two.start();
  await until(async () => (await leasesHeld()) > 0);
});

it('a schema that cannot be brought up to date is an outage, not a wait', async () => {
  link.blackhole();
  const migrated = migrate(link.url, silent).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isDatabaseOutage(await within(STOP_DEADLINE_MS, 'the end', migrated))).toBe(true);
  await pool.end();
});

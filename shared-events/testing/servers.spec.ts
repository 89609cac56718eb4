import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { until } from './until.js';
import { type Server, databaseOf, embeddedPostgres, eventStoreOf, serverRows } from './servers.js';

const variables = ['EVENTSTORE_URL', 'DATABASE_URL'] as const;
const set = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
beforeEach(() => variables.forEach((name) => Reflect.deleteProperty(process.env, name)));
afterEach(() => {
  for (const [name, url] of Object.entries(set)) if (url !== undefined) process.env[name] = url;
});

describe('the servers that a suite runs on', () => {
  it('are embedded ones where no variable names a real one, or an empty one does', () => {
    process.env['DATABASE_URL'] = '';
    expect(serverRows(...variables)).toEqual([['embedded servers', {}]]);
  });

  it('are the real ones besides, where variables name them', () => {
    process.env['DATABASE_URL'] = 'postgres://real';
    expect(serverRows('EVENTSTORE_URL')).toEqual([['embedded servers', {}]]);
    expect(serverRows(...variables)).toEqual([
      ['embedded servers', {}],
      ['DATABASE_URL', { DATABASE_URL: 'postgres://real' }],
    ]);
    process.env['EVENTSTORE_URL'] = 'esdb://real';
    expect(serverRows(...variables).at(-1)).toEqual([
      'EVENTSTORE_URL and DATABASE_URL',
      { EVENTSTORE_URL: 'esdb://real', DATABASE_URL: 'postgres://real' },
    ]);
  });
});

describe('a real server', () => {
  let postgres: Server;
  beforeEach(async () => {
    postgres = await embeddedPostgres();
  });
  afterEach(() => postgres.stop());

  const databases = async (url: string): Promise<string[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>('SELECT datname AS name FROM pg_database');
    await client.end();
    return rows.map(({ name }) => name);
  };

  it('lends a database that was empty, and is as it was when that is given back', async () => {
    const before = await databases(postgres.url);
    const own = await databaseOf({ DATABASE_URL: postgres.url });
    const name = new URL(own.url).pathname.slice(1);
    expect(await databases(own.url)).toContain(name);
    await own.stop();
    expect(await databases(postgres.url)).toEqual(before);
  });

  it('goes on when a suite that used it is over', async () => {
    const borrowed = await eventStoreOf({ EVENTSTORE_URL: postgres.url });
    await borrowed.stop();
    expect(await databases(borrowed.url)).toContain('postgres');
  });
});

describe('an embedded server', () => {
  const START = `
    import { embeddedBroker } from ${JSON.stringify(new URL('./servers.ts', import.meta.url).href)};
    console.log((await embeddedBroker()).url);`;
  const answers = (url: string) =>
    new Promise<boolean>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });

  it('that nobody stops keeps no process from ending, and ends with it', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', START], { timeout: 60_000 });
    const [url] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(child.exitCode).toBe(0);
    await until(async () => !(await answers(url)));
  });
});

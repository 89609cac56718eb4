import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { demandReachable } from './reachable.js';

const server = createServer((socket) => socket.destroy());
let port = 0;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

it.each([
  ['one node', () => ({ EVENTSTORE_URL: `esdb://127.0.0.1:${port}?tls=false` })],
  [
    'any of several nodes',
    () => ({ RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:1,127.0.0.1:${port}/vhost` }),
  ],
  ['a socket of this machine', () => ({ DATABASE_URL: 'postgres:///orders?host=/var/run/postgresql' })],
  ['nothing that is given', () => ({})],
])('is content with %s', async (_what, backEnds) => {
  await demandReachable(backEnds());
});

it('names the variable whose nodes take no connections, and why, but not its password', async () => {
  const away = { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' };
  await expect(demandReachable(away)).rejects.toThrow(
    /^DATABASE_URL: nothing takes connections there \(connect ECONNREFUSED 127\.0\.0\.1:1\)$/,
  );
});

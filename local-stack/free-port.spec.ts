import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from './free-port.js';

const squatters: Server[] = [];

async function squatOn(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  squatters.push(server);
  await once(server, 'listening');
}

afterEach(() => {
  for (const squatter of squatters.splice(0)) squatter.close();
});

test('the preferred port is given while nobody listens on it', async () => {
  const port = await freePort();
  expect(await freePort(port)).toBe(port);
});

test('a port that is taken gives way to one above it, which can be taken', async () => {
  const port = await freePort();
  await squatOn(port);
  const next = await freePort(port);
  expect(next).toBeGreaterThan(port);
  await squatOn(next);
});

test('above the last port there is still another', async () => {
  await squatOn(65_535);
  const port = await freePort(65_535);
  expect(port).toBeGreaterThan(0);
  expect(port).toBeLessThan(65_535);
});

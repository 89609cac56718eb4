import { afterEach, expect, it } from '@jest/globals';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NotReady, whenReady } from './when-ready.js';

let server: Server;
afterEach(() => void server.close());

async function answering(...answers: readonly object[]): Promise<string> {
  let asked = 0;
  server = createServer((_request, response) => {
    const error = answers[asked++] ?? answers.at(-1);
    const isReady = Object.keys(error ?? {}).length === 0;
    response.writeHead(isReady ? 200 : 503).end(JSON.stringify({ status: isReady ? 'ok' : 'error', error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
}

const missing = {
  postgres: { status: 'down', message: 'connect ECONNREFUSED' },
  rabbitMq: { status: 'down' },
};

it('waits until all is there', async () => {
  await whenReady(await answering(missing, {}));
});

it('says what did not come in time', async () => {
  const ready = whenReady(await answering(missing), 100);
  await expect(ready).rejects.toThrow(NotReady);
  await expect(ready).rejects.toThrow('not ready within 0.1 s: postgres (connect ECONNREFUSED), rabbitMq');
});

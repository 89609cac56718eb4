import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Interrupted } from '@orders/shared-events/transport/interruption.js';
import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import { exchange, refusalOf } from './api-answer.js';

describe('an answer that is no success', () => {
  it.each([
    [400, '/problems/bad-request', 2],
    [404, '/problems/process-not-found', 9],
    [409, '/problems/process-done', 8],
    [409, '/problems/process-unreadable', 7],
    [412, '/problems/changed-meanwhile', 8],
    [422, '/problems/idempotency-key-reused', 8],
    [428, '/problems/precondition-required', 8],
    [500, '/problems/internal', 1],
    [503, '/problems/unavailable', 4],
  ])('of %d and %s ends with %d', (status, type, exitCode) => {
    expect(refusalOf(status, { type, title: 'It is so' })).toMatchObject({ message: 'It is so', exitCode });
  });

  it('tells in a line what is wrong, and where', () => {
    const errors = [{ field: 'reason', message: 'must not be\nempty' }];
    const problem = { title: 'The request is wrong', detail: 'Look at it', errors };
    expect(refusalOf(400, problem).message).toBe(
      'The request is wrong. Look at it. reason must not be empty',
    );
  });

  it('may be of something else than the API', () => {
    expect(refusalOf(502, '<html>')).toMatchObject({
      message: 'It answered 502',
      exitCode: 4,
      body: '<html>',
    });
  });
});

/** Takes connections, and says nothing. */
async function silent(): Promise<{ server: Server; url: URL }> {
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, url: new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`) };
}

describe('a request', () => {
  let [somebody, nobody]: Awaited<ReturnType<typeof silent>>[] = [];
  const ask = (url?: URL, signal = new AbortController().signal) =>
    exchange(url!, {}, { name: 'it', deadlineMs: 100, signal, unanswered: 'look' });

  beforeAll(async () => {
    [somebody, nobody] = await Promise.all([silent(), silent()]);
    await new Promise((resolve) => nobody?.server.close(resolve));
  });
  afterAll(() => void somebody?.server.close());

  it('is given up at its deadline, and what may have come of it is told', async () => {
    await expect(ask(somebody?.url)).rejects.toMatchObject({
      name: 'NotRunning',
      message: `it does not answer within 0.1 s at ${somebody?.url.origin}; look`,
    });
  });

  it('that reached nobody has come to nothing', async () => {
    await expect(ask(nobody?.url)).rejects.toMatchObject({
      name: 'NotRunning',
      message: `it does not answer at ${nobody?.url.origin}`,
    });
  });

  it('is given up by whoever interrupts the command', async () => {
    await expect(ask(somebody?.url, AbortSignal.abort())).rejects.toThrow(Interrupted);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  type Server,
  embeddedBroker,
  embeddedEventStore,
  embeddedPostgres,
} from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';

const main = fileURLToPath(new URL('./dist/main.js', import.meta.url));
const start = (environment: Record<string, string | undefined>) =>
  spawn(process.execPath, [main], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

let servers: Server[];
let backEnds: Record<string, string>;
beforeAll(async () => {
  const [eventStore, broker, postgres] = await Promise.all([
    embeddedEventStore({ port: 0 }),
    embeddedBroker(),
    embeddedPostgres(),
  ]);
  servers = [eventStore, broker, postgres];
  backEnds = {
    EVENTSTORE_URL: eventStore.url,
    RABBITMQ_URL: broker.url,
    DATABASE_URL: postgres.url,
    PAYMENT_WEBHOOK_SECRET: 'secret_0123456789abcdef0123456789abcdef',
    ...ACCESS,
  };
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

describe('the command side as a process', () => {
  it('prints JSON lines only, one a request without what it holds, tells its URL, and stops gracefully', async () => {
    const side = start({ ...backEnds, PORT: '0', LOG_LEVEL: 'info' });
    const lines: unknown[] = [];
    const exit = once(side, 'exit');
    for await (const line of createInterface({ input: side.stdout })) {
      const parsed = JSON.parse(line) as { listening?: string };
      lines.push(parsed);
      if (parsed.listening === undefined) continue;
      // A start that takes long, on a machine with much else to do, may have lost the broker by then, and goes back to it.
      await until(async () => (await fetch(`${parsed.listening}/health/ready`)).status === 200);
      await fetch(`${parsed.listening}/graphql?a=secret`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-correlation-id': 'cart-17',
          authorization: 'secret',
          'x-else': 'secret',
        },
        body: '{ "query": "{ secret }" }',
      });
      await fetch(`${parsed.listening}/webhooks/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-correlation-id': 'told-17' },
        body: '{ "secret',
      });
      expect(await (await fetch(`${parsed.listening}/metrics`)).text()).toContain(
        'payment_webhooks_total{result="refused"} 1',
      );
      side.kill('SIGTERM');
    }
    expect(await exit).toEqual([0, null]);
    expect(lines).toContainEqual({ listening: expect.stringMatching(/^http:/), pid: side.pid });
    expect(lines.filter((line) => Object.hasOwn(line as object, 'req'))).toMatchObject([
      { req: { method: 'POST', path: '/graphql' }, res: { statusCode: 400 }, correlationId: 'cart-17' },
      {
        req: { method: 'POST', path: '/webhooks/payments' },
        res: { statusCode: 400 },
        correlationId: 'told-17',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it.each([
    ['EVENTSTORE_URL', undefined],
    ['RABBITMQ_URL', 'http://localhost'],
    ['PAYMENT_WEBHOOK_SECRET', undefined],
    ['PAYMENT_WEBHOOK_SECRET', 'too-short-to-be-one'],
    ['PAYMENT_WEBHOOK_URL', 'nowhere'],
    ['PUBLIC_URL', 'ftp://shop.example'],
    ['AUTH_ISSUER', undefined],
    ['AUTH_JWKS', 'no-keys'],
    ['AUTH_JWKS_URL', 'http://id.example/one-too-many'],
    ['AUTH_ALGORITHMS', 'HS256'],
    ['API_KEYS_FILE', '/nowhere'],
  ])('names a wrong %s in one line, and ends', async (name, value) => {
    const side = start({ ...backEnds, [name]: value ?? '' });
    const [output, exit] = await Promise.all([text(side.stderr), once(side, 'exit')]);
    expect(output).toMatch(new RegExp(`^${name} [^\\n]+\\n$`));
    if (value !== undefined) expect(output).not.toContain(value);
    expect(exit).toEqual([78, null]);
  });

  it.each([
    ['DATABASE_URL', 'postgres://nobody@127.0.0.1:1/none'],
    ['RABBITMQ_URL', 'amqp://127.0.0.1:1'],
  ])('waits for a %s that is not there, with JSON lines, until it is stopped', async (variable, away) => {
    const side = start({ ...backEnds, [variable]: away, PORT: '0' });
    const lines: string[] = [];
    for await (const line of createInterface({ input: side.stdout })) {
      lines.push(line);
      if (lines.filter((each) => each.includes('ECONNREFUSED')).length === 3) side.kill('SIGTERM');
    }
    if (side.exitCode === null) await once(side, 'exit');
    for (const line of lines) expect(line).toMatch(/^\{.*\}$/);
    expect(lines.join('\n')).not.toContain('listening');
    expect(side.exitCode).toBe(0);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server as HttpServer, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Pool } from 'pg';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { SimulatedProvider } from './simulated-provider.js';
import { SimulatedWebhooks } from './simulated-webhooks.js';
import { SIGNATURE_HEADER, verdictOn } from './webhook-signature.js';

const SECRETS = ['whsec_0123456789abcdef0123456789abcdef', 'whsec_fedcba9876543210fedcba9876543210'];

interface Heard {
  readonly id: unknown;
  readonly verdicts: readonly string[];
  readonly body: unknown;
  readonly type: string | undefined;
}

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let database: Server;
  let pool: Pool;
  let receiver: HttpServer;
  let heard: Heard[];
  /** Status codes that are answered, in order, then 204. `never` does not answer. */
  let answers: (number | 'never')[];
  let warnings: object[];
  let senders: SimulatedWebhooks[];

  beforeAll(async () => {
    database = await databaseOf(real);
    pool = new Pool({ connectionString: database.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    await new SimulatedProvider(pool, {
      actionUrl: () => Promise.resolve(''),
      onNews: () => undefined,
    }).start();
    receiver = createServer((request, response) => {
      // Where a redirection leads.
      if (request.method !== 'POST') return void response.writeHead(204).end();
      void hear(request).then(() => {
        const answer = answers.shift() ?? 204;
        if (answer !== 'never') response.writeHead(answer, { location: '/elsewhere' }).end();
      });
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await pool.end();
    await database.stop();
  });
  beforeEach(async () => {
    heard = [];
    answers = [];
    warnings = [];
    senders = [];
    await pool.query('DELETE FROM simulated_provider.webhooks');
  });
  afterEach(() => Promise.all(senders.map((sender) => sender.stop())));

  async function hear(request: IncomingMessage): Promise<void> {
    const bytes = await buffer(request);
    const signature = request.headers[SIGNATURE_HEADER] as string;
    const body = JSON.parse(bytes.toString()) as { id: unknown };
    const verdicts = SECRETS.map((secret) => verdictOn(signature, bytes, [secret], Date.now() / 1_000));
    heard.push({ id: body.id, verdicts, body, type: request.headers['content-type'] });
  }
  const receiverUrl = () =>
    Promise.resolve(`http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/webhooks/payments`);
  function sender(url: () => Promise<string> = receiverUrl): SimulatedWebhooks {
    const logger = { ...silent, warn: (fields: object) => void warnings.push(fields) };
    const created = new SimulatedWebhooks(pool, { url, secrets: SECRETS }, logger);
    senders.push(created);
    return created;
  }
  const started = (url?: () => Promise<string>) => {
    const created = sender(url);
    created.start();
    return created;
  };
  async function toTell(id: string, change: { readonly attempts?: number; readonly inMs?: number } = {}) {
    const { attempts = 0, inMs = 0 } = change;
    const key = `${randomUUID()}:charge:1`;
    const orderId = randomUUID();
    await pool.query(
      `INSERT INTO simulated_provider.webhooks (event_id, key, order_id, outcome, instead, attempts, due_at)
       VALUES ($1, $2, $3, '{"kind":"expired"}', false, $4, now() + $5 * interval '1 ms')`,
      [id, key, orderId, attempts, inMs],
    );
    return { id, key, orderId, outcome: { kind: 'expired' } };
  }
  async function left(): Promise<{ id: string; attempts: number; inMs: number }[]> {
    const { rows } = await pool.query<{ id: string; attempts: number; inMs: number }>(
      `SELECT event_id AS id, attempts, (1000 * extract(epoch FROM due_at - now()))::int AS "inMs"
       FROM simulated_provider.webhooks ORDER BY seq`,
    );
    return rows;
  }
  const allTold = () => until(async () => (await left()).length === 0);

  describe('a webhook', () => {
    it('is told, signed with every secret, and forgotten once it is accepted', async () => {
      const told = await toTell('evt_1');
      started();
      await allTold();
      expect(heard).toEqual([
        { id: 'evt_1', verdicts: ['authentic', 'authentic'], body: told, type: 'application/json' },
      ]);
    });

    it('is told as soon as there is news', async () => {
      const webhooks = started();
      for (let n = 0; n < 5; n++) {
        await toTell(`evt_${n}`);
        webhooks.wake();
        await allTold();
      }
      expect(heard).toHaveLength(5);
    });

    it.each([500, 503, 401, 404, 302])('is told again after an answer of %d', async (status) => {
      answers = [status];
      await toTell('evt_1');
      started();
      await allTold();
      expect(heard.map(({ id }) => id)).toEqual(['evt_1', 'evt_1']);
    });

    it('is told again where nobody was there, and stays over a restart', async () => {
      await toTell('evt_1');
      const first = started(() => Promise.resolve('http://127.0.0.1:1/'));
      await until(async () => (await left()).some(({ attempts }) => attempts === 1));
      await first.stop();
      started();
      await allTold();
      expect(heard.map(({ id }) => id)).toEqual(['evt_1']);
    });

    it('is told later and later', async () => {
      answers = [500, 500];
      await toTell('evt_1', { attempts: 9 });
      await toTell('evt_2', { attempts: 30 });
      const webhooks = started();
      await until(() => heard.length === 2);
      await webhooks.stop();
      expect((await left()).map(({ attempts }) => attempts)).toEqual([10, 31]);
      const [[sooner = 0, later = 0]] = [(await left()).map(({ inMs }) => inMs)];
      expect([sooner > 60_000, later > sooner, later <= 300_000]).toEqual([true, true, true]);
    });

    it('is given up in the end, which is logged', async () => {
      answers = [500];
      await toTell('evt_1', { attempts: 39 });
      started();
      await allTold();
      expect(warnings).toEqual([{ eventId: 'evt_1', attempts: 40, why: 'HTTP 500' }]);
    });

    it('that a sender took, and then ended, is told by another once its lease is over', async () => {
      await toTell('evt_1', { inMs: 300, attempts: 1 });
      started();
      await allTold();
      expect(heard).toHaveLength(1);
    });

    it('is told by one of several senders', async () => {
      for (let n = 0; n < 40; n++) await toTell(`evt_${n}`);
      [sender(), sender(), sender()].forEach((each) => each.start());
      await allTold();
      expect(new Set(heard.map(({ id }) => id)).size).toBe(40);
      expect(heard).toHaveLength(40);
    });

    it('is told again where it was not answered in time', async () => {
      answers = ['never'];
      await toTell('evt_1');
      started();
      await allTold();
      expect(heard.map(({ id }) => id)).toEqual(['evt_1', 'evt_1']);
    }, 20_000);
  });

  describe('what sends webhooks', () => {
    it('waits until it knows where to, also where there is news before', async () => {
      let listen: (url: string) => void = () => undefined;
      const webhooks = started(() => new Promise((resolve) => (listen = resolve)));
      await toTell('evt_1');
      webhooks.wake();
      expect(await left()).toMatchObject([{ attempts: 0 }]);
      listen(await receiverUrl());
      await allTold();
      expect(heard).toHaveLength(1);
    });

    it('stops while it waits for that', async () => {
      await started(() => new Promise(() => undefined)).stop();
      expect(heard).toEqual([]);
    });

    it('says once that it cannot, while its books are away', async () => {
      const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
      const logger = { ...silent, warn: (fields: object) => void warnings.push(fields) };
      const webhooks = new SimulatedWebhooks(away, { url: receiverUrl, secrets: SECRETS }, logger);
      senders.push(webhooks);
      webhooks.start();
      await until(() => warnings.length > 0);
      webhooks.wake();
      await webhooks.stop();
      await away.end();
      expect(warnings).toHaveLength(1);
    });
  });
});

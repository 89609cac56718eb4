import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import { Currency } from '@orders/shared-events/contracts/money.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { LOGGER } from '../transport.module.js';
import { SimulatedActionsController } from './simulated-actions.controller.js';
import { SimulatedActions } from './simulated-actions.js';
import { actionPage, problemPage } from './simulated-actions.page.js';
import { SimulatedProvider } from './simulated-provider.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let database: Server;
  let pool: Pool;
  let provider: SimulatedProvider;
  let app: INestApplication;
  let orderId: OrderId;
  let url: string;

  beforeAll(async () => {
    database = await databaseOf(real);
    pool = new Pool({ connectionString: database.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    app = await listening(pool);
    const base = await app.getUrl();
    provider = new SimulatedProvider(pool, {
      actionUrl: (token) => Promise.resolve(`${base}/simulated-provider/actions/${token}`),
      onNews: () => undefined,
    });
    await provider.start();
  });
  afterAll(async () => {
    await app.close();
    await pool.end();
    await database.stop();
  });
  beforeEach(async () => {
    orderId = OrderId.parse(randomUUID());
    url = await asked('pm_3ds');
  });

  async function listening(ledger: Pool): Promise<INestApplication> {
    @Module({
      controllers: [SimulatedActionsController],
      providers: [
        { provide: SimulatedActions, useValue: new SimulatedActions(ledger, () => undefined) },
        { provide: LOGGER, useValue: silent },
      ],
    })
    class Spec {}
    const created = await NestFactory.create(Spec, { logger: false });
    await created.listen(0, '127.0.0.1');
    return created;
  }

  /** The address of the page of a new payment of 125,000 minor units. */
  async function asked(paymentMethod: string, currency = 'EUR'): Promise<string> {
    const key = `${randomUUID()}:charge:1`;
    const outcome = await provider.charge({
      ...{ key, authorizationKey: key, orderId, paymentMethod, amount: 125_000, operation: 'charge' },
      ...{ paymentId: PaymentId.parse(randomUUID()), currency: Currency.parse(currency), attempt: 1 },
    });
    return outcome.kind === 'action-required' ? outcome.url : outcome.kind;
  }
  async function show(at = url): Promise<{ status: number; headers: Headers; text: string }> {
    const response = await fetch(at);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
  const decide = (body: string, at = url, type = 'application/x-www-form-urlencoded') =>
    fetch(at, { method: 'POST', headers: { 'content-type': type }, body, redirect: 'manual' });

  describe("the customer's page", () => {
    it('shows what is to be paid, and takes one of two answers', async () => {
      const { status, headers, text } = await show();
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).toContain('€1,250.00');
      expect(text).toContain(orderId);
      expect(text.match(/<form method="post">/g)).toHaveLength(2);
      expect(text.match(/name="decision" value="(approve|decline)"/g)).toHaveLength(2);
    });

    it.each([
      ['JPY', '¥125,000'],
      ['KWD', 'KWD\u00a0125.000'],
    ])('counts in the decimals of %s', async (currency, amount) =>
      expect((await show(await asked('pm_3ds', currency))).text).toContain(amount),
    );

    it('runs nothing, loads nothing, is framed and kept by nobody, and tells nobody its address', async () => {
      const { headers, text } = await show();
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; .*frame-ancestors 'none'$/,
      );
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(text).not.toMatch(/<script|<img|<link|https?:/);
    });

    it('goes back to itself after an answer, and then says what it was', async () => {
      const response = await decide('decision=approve');
      expect(response.status).toBe(303);
      const back = new URL(response.headers.get('location') ?? '', url);
      expect(back.href).toBe(url);
      const { text } = await show();
      expect(text).toContain('You approved the payment.');
      expect(text).not.toContain('<form');
    });

    it.each([
      ['pm_3ds', 'decline', 'You declined the payment.'],
      ['pm_3ds_decline', 'approve', 'You approved the payment, and your bank declined it.'],
    ])('says what came of %s', async (token, decision, says) => {
      const page = await asked(token);
      await decide(`decision=${decision}`, page);
      expect((await show(page)).text).toContain(says);
    });

    it('takes the first answer', async () => {
      await decide('decision=decline');
      expect((await decide('decision=approve')).status).toBe(303);
      expect((await show()).text).toContain('You declined the payment.');
    });

    it('says when it is too late', async () => {
      await pool.query('UPDATE simulated_provider.ledger SET action_expires_at = now() WHERE order_id = $1', [
        orderId,
      ]);
      await decide('decision=approve');
      const { text } = await show();
      expect(text).toContain('The time for this is over.');
      expect(text).not.toContain('<form');
    });

    it.each([
      ['nothing', ''],
      ['another word', 'decision=perhaps'],
      ['both', 'decision=approve&decision=decline'],
      ['a name that every object has', '__proto__=1&constructor=1'],
    ])('is not answered by %s', async (_what, body) => {
      const response = await decide(body);
      expect([response.status, response.headers.get('content-type')]).toEqual([
        400,
        'text/html; charset=utf-8',
      ]);
      expect((await show()).text).toContain('<form');
    });

    it.each([
      ['the order', () => orderId],
      ['another token', () => randomUUID()],
      ['no token', () => 'x'],
      ['a token and more', () => `${url.split('/').at(-1) ?? ''}0`],
      ['what breaks SQL', () => encodeURIComponent("' OR 1=1 --")],
      ['what breaks a path', () => encodeURIComponent('../../etc/passwd')],
      ['NUL', () => '%00'],
    ])('is not found by %s', async (_what, token) => {
      const at = new URL(token(), url).href;
      for (const status of [(await show(at)).status, (await decide('decision=approve', at)).status])
        expect(status).toBe(404);
    });
  });

  describe('a page, while the books are away', () => {
    it('says that it is not possible now, and nothing of the inside', async () => {
      const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
      const other = await listening(away);
      const { status, text } = await show(
        `${await other.getUrl()}/simulated-provider/actions/${randomUUID()}`,
      );
      expect(status).toBe(503);
      expect(text).toContain('not possible at the moment');
      expect(text).not.toMatch(/ECONNREFUSED|at \S+ \(/);
      await other.close();
      await away.end();
    });
  });
});

describe('what a page shows', () => {
  it('is text, whatever is in it', () => {
    const hostile = `"><script>alert('1')</script>&amp;`;
    const action: Parameters<typeof actionPage>[0] = {
      ...{ paymentId: hostile, orderId: hostile, amount: 1, currency: 'EUR' },
      ...{ expiresAt: new Date(0), standing: 'open' },
    };
    for (const page of [actionPage(action), problemPage(hostile)]) {
      expect(page).not.toContain('<script');
      expect(page).toContain('&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;');
    }
  });
});

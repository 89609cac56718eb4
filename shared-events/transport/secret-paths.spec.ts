import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication, Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { accessLog } from './observability.js';
import { CUSTOMER_ACTIONS, loggedPath } from './secret-paths.js';

const TOKEN = '4338cbfa-c713-4c5f-9dea-785711baf733';
const HIDDEN = `${CUSTOMER_ACTIONS}/[redacted]`;

describe('the path of a request, in a log', () => {
  it.each([
    ['as it came', '/processes/17', '/processes/17'],
    ['without its query', '/parked?first=1', '/parked'],
    ['whole where no token follows', CUSTOMER_ACTIONS, CUSTOMER_ACTIONS],
    ['without a token at its end', `${CUSTOMER_ACTIONS}/${TOKEN}`, HIDDEN],
    ['without a token and what follows it', `${CUSTOMER_ACTIONS}/${TOKEN}/x?y=${TOKEN}`, HIDDEN],
    ['without a token behind the path of a proxy', `/shop${CUSTOMER_ACTIONS}/${TOKEN}`, `/shop${HIDDEN}`],
    ['without a token where a whole URL was asked for', `http://a${CUSTOMER_ACTIONS}/b`, `http://a${HIDDEN}`],
    [
      'without a token in any case of letters',
      `/Simulated-Provider/ACTIONS/${TOKEN}`,
      '/Simulated-Provider/ACTIONS/[redacted]',
    ],
  ])('is %s', (_how, url, path) => expect(loggedPath(url)).toBe(path));
});

describe('a line for a request', () => {
  const lines: string[] = [];
  let app: INestApplication;

  beforeAll(async () => {
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    @Controller(CUSTOMER_ACTIONS)
    class Page {
      @Get(':token')
      show(): string {
        return 'a page';
      }
    }
    @Module({ controllers: [Page] })
    class Spec {}
    app = await NestFactory.create(Spec, { logger: false });
    app.use(accessLog(pino(sink)));
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it.each(['', '/'])('tells neither the token of a page nor that of one that is not there', async (more) => {
    lines.length = 0;
    for (const method of ['GET', 'PUT'])
      await fetch(`${await app.getUrl()}${CUSTOMER_ACTIONS}/${TOKEN}${more}`, { method });
    const paths = lines.map((line) => (JSON.parse(line) as { req: { path: string } }).req.path);
    expect(paths).toEqual([HIDDEN, HIDDEN]);
    expect(lines.join('')).not.toContain(TOKEN);
  });
});

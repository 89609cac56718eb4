import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Module, Post } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Writable } from 'node:stream';
import { LoggerModule } from 'nestjs-pino';
import { pino } from 'pino';
import { frameworkLogging, requestLogging } from '../transport/observability.js';
import { MalformedRequestFilter } from './malformed-request.filter.js';

const lines: string[] = [];
const logger = pino(
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  }),
);

@Controller('carts')
class Carts {
  @Post()
  post(): void {}
}

@Module({
  imports: [LoggerModule.forRoot(frameworkLogging(logger))],
  controllers: [Carts],
  providers: [{ provide: APP_FILTER, useClass: MalformedRequestFilter }],
})
class Spec {}

let app: INestApplication;
beforeAll(async () => {
  app = await NestFactory.create(Spec, { logger: false });
  app.use(requestLogging(logger));
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());
beforeEach(() => {
  lines.length = 0;
});

const JSON_TYPE = 'application/json';

it.each([
  ['that is read', '{"note":"secret"}', JSON_TYPE, 201],
  ['that is no JSON', '{"note":"secret', JSON_TYPE, 400],
  ['that is too large', JSON.stringify('secret'.repeat(50_000)), JSON_TYPE, 413],
  ['in an alphabet that there is not', '"secret"', `${JSON_TYPE}; charset=klingon`, 415],
])(
  'a request with a body %s is one line, under its correlation id and without the body',
  async (...given) => {
    const [, body, type, statusCode] = given;
    await fetch(`${await app.getUrl()}/carts?note=secret`, {
      method: 'POST',
      headers: { 'content-type': type, 'x-correlation-id': 'cart-17' },
      body,
    });
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        req: { method: 'POST', path: '/carts' },
        res: { statusCode },
        correlationId: 'cart-17',
      }),
    ]);
    expect(lines.join('')).not.toContain('secret');
  },
);

import { describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { program } from '../testing/program.js';
import { contextOf, correlation, currentContext, runInContext } from './observability.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('context', () => {
  it('takes over what came in', () => {
    expect(contextOf('cart-17', trace)).toEqual({ correlationId: 'cart-17', traceparent: trace });
  });

  it.each([undefined, '', 'has space', 'line\nbreak', 'x'.repeat(129), ['a', 'b'], 7])(
    'makes a new correlation id instead of %j',
    (given) => {
      expect(contextOf(given, trace).correlationId).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it.each([undefined, 'garbage', trace.toUpperCase(), `${trace}-more`])(
    'starts a new trace instead of %j',
    (given) => {
      const { traceparent } = contextOf('c', given);
      expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(traceparent).not.toBe(trace);
    },
  );

  it('lasts through what is awaited, and not beyond', async () => {
    const seen = await runInContext(contextOf('c1', trace), async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentContext()?.correlationId;
    });
    expect(seen).toBe('c1');
    expect(currentContext()).toBeUndefined();
  });

  it('is answered to the caller in the header', () => {
    const request = new IncomingMessage(new Socket());
    request.headers['x-correlation-id'] = 'cart-17';
    const response = new ServerResponse(request);
    let inside: string | undefined;
    correlation(request, response, () => (inside = currentContext()?.correlationId));
    expect(response.getHeader('x-correlation-id')).toBe('cart-17');
    expect(inside).toBe('cart-17');
  });
});

describe('a log line', () => {
  const logged = async (log: string): Promise<unknown> => {
    const { stdout } = program(
      `import { createLogger, runInContext } from './transport/observability.js';
       const logger = createLogger({ name: 'spec', level: 'info' });
       ${log}`,
    );
    return JSON.parse(await text(stdout));
  };

  it('tells level, name, time, and the correlation id of what it belongs to', async () => {
    const context = JSON.stringify({ correlationId: 'cart-17', traceparent: trace });
    expect(await logged(`runInContext(${context}, () => logger.warn('heard'))`)).toMatchObject({
      level: 'warn',
      name: 'spec',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      correlationId: 'cart-17',
      msg: 'heard',
    });
  });

  it.each(['password', 'authorization', 'paymentMethod', 'DATABASE_URL'])(
    'does not tell a %s, at the top or one below',
    async (field) => {
      const secret = { [field]: 'secret', order: { [field]: 'secret' } };
      const line = await logged(`logger.info(${JSON.stringify(secret)})`);
      expect(line).toMatchObject({ [field]: '[redacted]', order: { [field]: '[redacted]' } });
      expect(JSON.stringify(line)).not.toContain('secret');
    },
  );

  it('tells what was thrown, with its cause and without anything below its level', async () => {
    const line = await logged(`
      logger.debug('unheard');
      logger.error({ err: new Error('no answer', { cause: new Error('the link is down') }) });`);
    expect(line).toMatchObject({ level: 'error', err: { message: 'no answer: the link is down' } });
  });
});

import { describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
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

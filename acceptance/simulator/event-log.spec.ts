import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventLog } from './event-log.js';

let log: EventLog;
const event = (id: string) => ({ id, type: 'Happened', data: { id, missing: undefined } });
beforeEach(() => {
  log = new EventLog(
    () => 0,
    () => undefined,
  );
  log.append('stock-S', 'no_stream', [event('a'), event('b')]);
});

describe('the log', () => {
  it('takes an append at the head, as what JSON makes of it', () => {
    expect(log.append('stock-S', 1n, [event('c')])).toEqual({ revision: 2n, position: 300n });
    expect(log.stream('stock-S')[2]).toMatchObject({ id: 'c', revision: 2n, data: { id: 'c' } });
    expect(log.stream('stock-S')[2]?.data).not.toHaveProperty('missing');
  });

  it('refuses one at another revision, with what the head is', () => {
    expect(log.append('stock-S', 0n, [event('c')])).toEqual({ conflict: 1n });
    expect(log.append('stock-S', 5n, [event('c')])).toEqual({ conflict: 1n });
    expect(log.append('stock-S', 'no_stream', [event('c')])).toEqual({ conflict: 1n });
    expect(log.append('stock-T', 0n, [event('c')])).toEqual({ conflict: 'no_stream' });
  });

  it('takes an append for a repeat where its ids follow the expected revision, whatever they say', () => {
    const repeated = { revision: 1n, position: 200n };
    expect(log.append('stock-S', 'no_stream', [event('a'), event('b')])).toEqual(repeated);
    expect(log.append('stock-S', 0n, [{ ...event('b'), data: { other: true } }])).toEqual(repeated);
    expect(log.append('stock-S', 'no_stream', [event('a'), event('x')])).toEqual({ conflict: 1n });
    expect(log.append('stock-S', 'no_stream', [event('b'), event('a')])).toEqual({ conflict: 1n });
    expect(log.events).toHaveLength(2);
  });

  it('takes anything where no revision is expected, but for what it holds', () => {
    expect(log.append('stock-S', 'any', [event('c')])).toMatchObject({ revision: 2n });
    expect(log.append('stock-S', 'any', [event('b')])).toMatchObject({ revision: 1n });
    expect(log.events).toHaveLength(3);
  });

  it('keeps what is not of the domain beside what is followed', () => {
    log.append('paymentReconciliation', 'no_stream', [event('x')]);
    expect(log.stream('paymentReconciliation')).toMatchObject([{ id: 'x', revision: 0n, position: 300n }]);
    expect(log.append('stock-S', 1n, [event('c')])).toEqual({ revision: 2n, position: 400n });
    expect(log.events.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('finds what comes behind a position', () => {
    expect(log.indexAfter(undefined)).toBe(0);
    expect(log.indexAfter(-1n)).toBe(0);
    expect(log.indexAfter(100n)).toBe(1);
    expect(log.indexAfter(150n)).toBe(1);
    expect(log.indexAfter(200n)).toBe(2);
  });
});

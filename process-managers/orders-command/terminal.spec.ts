import { describe, expect, it } from '@jest/globals';
import { Interrupted } from '@orders/shared-events/transport/interruption.js';
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { terminalOf } from './terminal.js';

const TERM = 'xterm-256color';

/** A process whose streams are terminals, or are none. */
function streams({
  isTTY = true,
  columns = 80,
  env = { TERM },
}: {
  isTTY?: boolean;
  columns?: number;
  env?: object;
}) {
  const hasColors = (environment?: object) => WriteStream.prototype.hasColors(environment);
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns, hasColors });
  return { stdin: stream(), stdout: stream(), stderr: stream(), env };
}

const terminal = (of: ReturnType<typeof streams>) =>
  terminalOf(of as unknown as Parameters<typeof terminalOf>[0], new AbortController().signal);

describe('a terminal', () => {
  it('has a width, and colours', () => {
    const { width, paint } = terminal(streams({}));
    expect([width, paint('red', 'x')]).toEqual([80, '\u001b[31mx\u001b[39m']);
  });

  it.each([
    ['under NO_COLOR', { env: { TERM, NO_COLOR: '1' } }],
    ['where it cannot show them', { env: { TERM: 'dumb' } }],
    ['where it is none', { isTTY: false }],
  ])('has no colours %s', (_where, what) => {
    expect(terminal(streams(what)).paint('red', 'x')).toBe('x');
  });

  it('has no width where it is none, or does not know it', () => {
    expect(terminal(streams({ isTTY: false })).width).toBeUndefined();
    expect(terminal(streams({ columns: 0 })).width).toBeUndefined();
  });
});

describe('a question', () => {
  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
  ])('that is answered by %j is answered', async (typed, answer) => {
    const of = streams({});
    const asked = terminal(of).ask?.('Sure?');
    of.stdin.write(typed);
    expect(await asked).toBe(answer);
    expect(String(of.stderr.read())).toContain('Sure? [y/N]');
    expect(of.stdout.read()).toBeNull();
  });

  it('that nobody answers is a no', async () => {
    const of = streams({});
    const asked = terminal(of).ask?.('Sure?');
    of.stdin.end();
    expect(await asked).toBe(false);
  });

  it('may be interrupted', async () => {
    const of = streams({});
    const asked = terminal(of).ask?.('Sure?');
    of.stdin.write('\u0003');
    await expect(asked).rejects.toThrow(Interrupted);
  });

  it('is not asked where nobody could answer', () => {
    expect(terminal(streams({ isTTY: false })).ask).toBeUndefined();
  });
});

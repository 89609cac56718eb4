import { describe, expect, it } from '@jest/globals';
import { WrongUsage } from '@orders/shared-events/transport/command-line.js';
import { readArguments } from './arguments.js';
import { lineOf } from './case.js';

describe('the arguments', () => {
  it('are a thousand runs of a seed that is drawn, unless told', () =>
    expect(readArguments([])).toMatchObject({ seed: undefined, runs: 1_000, run: undefined, trace: false }));

  it('are what they say', () =>
    expect(readArguments(['--seed', '7', '--runs', '20', '--workers', '2', '--json'])).toMatchObject({
      ...{ seed: 7, runs: 20, workers: 2, json: true },
    }));

  it('take a case as a failure prints it', () => {
    const shown = { seed: 1, run: 2, steps: [0, 3], mishaps: ["append order 1 1: it's lost"] };
    const [, replay = ''] = /--replay '(.*)'$/.exec(lineOf({ ...shown, mishaps: [] })) ?? [];
    expect(readArguments(['--replay', replay]).replay).toEqual({ ...shown, mishaps: [] });
  });

  it.each([
    ['an unknown option', ['--speed', '1']],
    ['no number', ['--seed', 'one']],
    ['a negative number', ['--seed=-1']],
    ['a fraction', ['--runs', '1.5']],
    ['none at all', ['--runs', '0']],
    ['too large a seed', ['--seed', '4294967296']],
    ['no case', ['--replay', 'x']],
    ['half a case', ['--replay', '{"seed":1}']],
  ])('are wrong usage: %s', (_what, argv) => expect(() => readArguments(argv)).toThrow(WrongUsage));
});

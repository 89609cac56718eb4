import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { program } from '../testing/program.js';
import { WrongUsage, argumentsIn, optionsIn } from './command-line.js';

describe('options', () => {
  const options = { json: { type: 'boolean', default: false }, definition: { type: 'string' } } as const;

  it('are what was given, or what goes without saying', () => {
    expect(optionsIn(['--definition', '1'], options)).toEqual({ json: false, definition: '1' });
  });

  it.each([['--speed'], ['--json=1'], ['--definition'], ['something']])('are none: %s', (given) => {
    expect(() => optionsIn([given], options)).toThrow(WrongUsage);
  });

  it('may stand between what is no option', () => {
    const { values, positionals } = argumentsIn(['show', '--json', 'order-1'], options);
    expect([values, positionals]).toEqual([{ json: true }, ['show', 'order-1']]);
  });

  it('that are wrong are told in one line', () => {
    expect(() => argumentsIn(['--definition', '--json'], options)).toThrow(/^[^\n]+$/);
  });
});

describe('a command', () => {
  async function ended(main: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = program(`
      import { WrongUsage, runAsCommand } from './transport/command-line.js';
      import { ConfigurationError } from './transport/configuration.js';
      import { Interrupted } from './transport/interruption.js';
      import { NotRunning } from './transport/running-system.js';
      class Own extends Error {}
      await runAsCommand('work', async () => { ${main} }, (error) => (error instanceof Own ? 9 : undefined));`);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code: child.exitCode, stdout, stderr };
  }

  it('ends with the code that it comes to', async () => {
    const main = 'process.stdout.write("worked"); return 3;';
    expect(await ended(main)).toEqual({ code: 3, stdout: 'worked', stderr: '' });
  });

  it('that is not understood in a part of it says where the help of that part is', async () => {
    const { stderr } = await ended(`throw new WrongUsage('it said', { within: 'process list' });`);
    expect(stderr).toBe('it said\nSee npm run work -- process list --help\n');
  });

  it.each([
    ['Own', 9, 'it said\n'],
    ['Error', 1, 'it said\n'],
    ['WrongUsage', 2, 'it said\nSee npm run work -- --help\n'],
    ['NotRunning', 4, 'it said\n'],
    ['ConfigurationError', 78, 'it said\n'],
    ['Interrupted', 130, ''],
  ])('that ends with a %s tells it in a line, and by the code %d', async (kind, code, stderr) => {
    expect(await ended(`throw new ${kind}('it said');`)).toEqual({ code, stdout: '', stderr });
  });
});

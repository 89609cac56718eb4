import { describe, expect, it } from '@jest/globals';
import { WrongUsage } from '@orders/shared-events/transport/command-line.js';
import { z } from 'zod';
import { type Vocabulary, understand } from './arguments.js';
import { type Noun, type Verb, flag, many, one, verb } from './verb.js';
import { vocabulary } from './vocabulary.js';
import type { World } from './world.js';

/** What the verb was given, when it was understood. */
let heard: unknown;
const nobody = {} as World;

const look = verb({
  summary: 'looks at something',
  operand: 'id',
  arguments: {
    id: one('id', z.string().regex(/^\d+$/, { error: 'must be a number' }), 'what to look at'),
    reason: one('text', z.string(), 'why'),
    ifMatch: one('etag', z.string().optional(), 'what was seen'),
    tag: many('tag', z.array(z.string()).optional(), 'with that'),
    json: flag(z.boolean().default(false), 'for programs'),
  },
  examples: ['thing look 1 --reason curious'],
  run: (given) => Promise.resolve(Number((heard = given) === undefined)),
});
const words: Vocabulary = {
  nouns: { thing: { summary: 'things', verbs: { look } } },
  verbs: { look },
  errands: {},
};

const given = async (...argv: string[]) => {
  const said = understand(argv, words);
  if ('help' in said) throw new Error('that was a question for help');
  await said.run(nobody);
  return heard;
};

describe('a verb', () => {
  it('is given what stands behind it, wherever the options are', async () => {
    const all = { id: '7', reason: 'why not', ifMatch: '3', tag: ['a', 'b'], json: true };
    const options = ['--tag', 'a', '--if-match=3', '--tag=b', '--json'];
    expect(await given('thing', 'look', '--reason', 'why not', '7', ...options)).toEqual(all);
  });

  it('may do without a noun, and is given what goes without saying', async () => {
    const rest = { ifMatch: undefined, tag: undefined, json: false };
    expect(await given('look', '7', '--reason', 'r')).toEqual({ id: '7', reason: 'r', ...rest });
  });

  it.each([
    ['nothing', [], 'what is it to do?', ''],
    ['an unknown word', ['thin'], 'thin is not known; known: thing, look', ''],
    ['a name that every object has', ['constructor'], 'constructor is not known; known: thing, look', ''],
    ['a noun alone', ['thing'], 'thing what? known: look', 'thing'],
    ['an unknown verb', ['thing', 'toString'], 'thing toString is not known; known: look', 'thing'],
    ['nothing to look at', ['thing', 'look', '--reason', 'r'], '<id> is required', 'thing look'],
    ['what is none', ['look', 'x', '--reason', 'r'], '<id>: must be a number', 'look'],
    ['too much', ['look', '1', '2', '--reason', 'r'], '2 is too much', 'look'],
    ['no reason', ['look', '1'], '--reason is required', 'look'],
  ])('is not understood with %s', (_what, argv, message, within) => {
    expect(wrong(argv)).toMatchObject({ message, within });
  });

  function wrong(argv: readonly string[]): unknown {
    try {
      return understand(argv, words);
    } catch (error) {
      return error;
    }
  }

  it.each([['--tags'], ['--json=1'], ['--reason']])('is not understood with %s', (option) => {
    expect(() => understand(['look', '1', option], words)).toThrow(WrongUsage);
  });
});

/** The words of a line, as a shell takes them apart. */
const shell = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

const verbs = ({ nouns, verbs: alone }: Vocabulary): [name: string, verb: Verb][] => [
  ...Object.entries(nouns).flatMap(([noun, { verbs: its }]: [string, Noun]) =>
    Object.entries(its).map(([name, one]): [string, Verb] => [`${noun} ${name}`, one]),
  ),
  ...Object.entries(alone),
];

describe('the help', () => {
  const helpOf = (...argv: string[]) => {
    const said = understand([...argv, '--help'], vocabulary);
    return 'help' in said ? said.help : '';
  };

  it('of the command tells of everything, and of the exit codes', () => {
    const help = helpOf();
    for (const [name] of verbs(vocabulary)) expect(help).toContain(name.split(' ').at(-1));
    expect(help).toContain('  8    refused');
  });

  it.each(verbs(vocabulary))(
    'of %s tells its options, and shows how it is said',
    (name, { options, examples }) => {
      const help = helpOf(...name.split(' '));
      for (const option of Object.keys(options))
        expect(help).toContain(`--${option.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples)
        expect(help).toContain(`npm run orders -- ${name}${example.slice(name.length)}`);
    },
  );

  it('of a noun tells its verbs', () => {
    for (const name of Object.keys(vocabulary.nouns['process']?.verbs ?? {}))
      expect(helpOf('process')).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it('of the replay is told here, and not by the program that does it', () => {
    expect(helpOf('replay', '--dry-run')).toContain('npm run orders -- replay [--yes]');
  });

  it('is no wider than a screen', () => {
    const texts = [helpOf(), ...verbs(vocabulary).map(([name]) => helpOf(...name.split(' ')))];
    const lines = texts.flatMap((text) => text.split('\n')).filter((line) => !line.startsWith('  npm run'));
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  it.each(verbs(vocabulary).flatMap(([, { examples }]) => examples))(
    'shows what is understood: %s',
    (example) => {
      expect(understand(shell(example), vocabulary)).toEqual({ run: expect.any(Function) });
    },
  );
});

import { WrongUsage, argumentsIn } from '@orders/shared-events/transport/command-line.js';
import type { ParseArgsConfig } from 'node:util';
import { helpOfCommand, helpOfErrand, helpOfNoun, helpOfVerb } from './help.js';
import { type Argument, type Errand, type Noun, type Run, type Verb, optionName } from './verb.js';

/** All that the command knows. */
export interface Vocabulary {
  readonly nouns: Readonly<Record<string, Noun>>;
  /** What needs no verb. */
  readonly verbs: Readonly<Record<string, Verb>>;
  readonly errands: Readonly<Record<string, Errand>>;
}

export type Said = { readonly help: string } | { readonly run: Run };

/** What was asked for. Throws WrongUsage. */
export function understand(argv: readonly string[], vocabulary: Vocabulary): Said {
  const { nouns, verbs, errands } = vocabulary;
  const [first, ...rest] = argv;
  if (first === undefined) throw new WrongUsage('what is it to do?');
  if (isHelp(first)) return { help: helpOfCommand(vocabulary) };
  const errand = ownOf(errands, first);
  if (errand) {
    if (rest.some(isHelp)) return { help: helpOfErrand(first, errand) };
    return { run: errand.prepareFrom(rest) };
  }
  const verb = ownOf(verbs, first);
  if (verb) return sayVerb(first, verb, rest);
  const noun = ownOf(nouns, first);
  if (noun) return sayNoun(first, noun, rest);
  const known = [nouns, verbs, errands].flatMap((words) => Object.keys(words));
  throw new WrongUsage(`${first} is not known; known: ${known.join(', ')}`);
}

function sayNoun(name: string, noun: Noun, [word, ...rest]: readonly string[]): Said {
  const known = Object.keys(noun.verbs).join(', ');
  if (word === undefined) throw new WrongUsage(`${name} what? known: ${known}`, { within: name });
  if (isHelp(word)) return { help: helpOfNoun(name, noun) };
  const verb = ownOf(noun.verbs, word);
  if (!verb) throw new WrongUsage(`${name} ${word} is not known; known: ${known}`, { within: name });
  return sayVerb(`${name} ${word}`, verb, rest);
}

function sayVerb(name: string, verb: Verb, argv: readonly string[]): Said {
  try {
    const { values, positionals } = argumentsIn(argv, configOf(verb));
    if (values['help'] === true) return { help: helpOfVerb(name, verb) };
    const run = verb.prepare({ ...optionsOf(verb, values), ...operandsOf(verb, positionals) });
    return { run: (world) => run(world).catch((error: unknown) => Promise.reject(within(name, error))) };
  } catch (error) {
    throw within(name, error);
  }
}

/** Says of what was not understood in which part of the command it was. */
const within = (name: string, error: unknown): Error => {
  if (error instanceof WrongUsage) return new WrongUsage(error.message, { within: name, cause: error });
  return error instanceof Error ? error : new Error(String(error), { cause: error });
};

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

/** By a name that somebody typed, `constructor` for one. */
const ownOf = <Word>(words: Readonly<Record<string, Word>>, name: string): Word | undefined =>
  Object.hasOwn(words, name) ? words[name] : undefined;

type Options = NonNullable<ParseArgsConfig['options']>;

const bareName = (name: string): string => optionName(name).slice('--'.length);

const configOf = ({ options }: Verb): Options => ({
  ...Object.fromEntries(Object.entries(options).map(([name, option]) => [bareName(name), howGiven(option)])),
  help: { type: 'boolean', short: 'h' },
});

const howGiven = ({ takes }: Argument): Options[string] =>
  takes === 'nothing' ? { type: 'boolean' } : { type: 'string', multiple: takes === 'many' };

const optionsOf = ({ options }: Verb, values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.keys(options).map((name) => [name, values[bareName(name)]]));

function operandsOf({ operands }: Verb, given: readonly string[]): Record<string, unknown> {
  const names = Object.keys(operands);
  const [tooMuch] = given.slice(names.length);
  if (tooMuch !== undefined) throw new WrongUsage(`${tooMuch} is too much`);
  return Object.fromEntries(names.map((name, index) => [name, given[index]]));
}

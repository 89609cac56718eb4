/**
 * What can be said to `npm run orders`: nouns, and verbs of them. One description of a verb is what its arguments are
 * checked by, what its help tells, and the types that it works with.
 */
import { WrongUsage } from '@orders/shared-events/transport/command-line.js';
import type { z } from 'zod';
import type { World } from './world.js';

/** An option, or what stands behind the verb in its place. */
export interface Argument<Value = unknown> {
  readonly takes: 'nothing' | 'one' | 'many';
  /** What its value is called in the help. */
  readonly value: string;
  readonly tells: string;
  readonly schema: z.ZodType<Value>;
}

export const one = <Value>(value: string, schema: z.ZodType<Value>, tells: string): Argument<Value> => ({
  takes: 'one',
  value,
  tells,
  schema,
});

/** It may be given more than once. */
export const many = <Value>(value: string, schema: z.ZodType<Value>, tells: string): Argument<Value> => ({
  takes: 'many',
  value,
  tells,
  schema,
});

export const flag = (schema: z.ZodType<boolean>, tells: string): Argument<boolean> => ({
  ...{ takes: 'nothing', value: '', tells, schema },
});

/** By their names in camel case; `ifMatch` is `--if-match`. */
export type Arguments = Readonly<Record<string, Argument>>;

export type Given<Of extends Arguments> = {
  readonly [Name in keyof Of]: Of[Name] extends Argument<infer Value> ? Value : never;
};

/** Resolves with the exit code. */
export type Run = (world: World) => Promise<number>;

export interface Verb {
  readonly summary: string;
  /** More of it, in lines. */
  readonly description?: string | undefined;
  /** What stands behind it in its place. */
  readonly operands: Arguments;
  readonly options: Arguments;
  /** What stands behind `npm run orders -- `. */
  readonly examples: readonly string[];
  /** What does it, with arguments as they were given. Throws WrongUsage. */
  prepare(given: Readonly<Record<string, unknown>>): Run;
}

/** A program of its own that does it: everything behind the name is its affair, but for the help. */
export interface Errand extends Pick<Verb, 'summary' | 'description' | 'examples'> {
  readonly usage: string;
  prepareFrom(argv: readonly string[]): Run;
}

export interface Noun {
  readonly summary: string;
  readonly verbs: Readonly<Record<string, Verb>>;
}

interface Definition<Known extends Arguments> extends Pick<Verb, 'summary' | 'description' | 'examples'> {
  readonly arguments: Known;
  /** Which of them is no option, but stands behind the verb. */
  readonly operand?: keyof Known;
  run(given: Given<Known>, world: World): Promise<number>;
}

export function verb<Known extends Arguments>(definition: Definition<Known>): Verb {
  const { summary, description, examples } = definition;
  const all = Object.entries(definition.arguments);
  const isOperand = ([name]: (typeof all)[number]) => name === definition.operand;
  const operands = Object.fromEntries(all.filter(isOperand));
  const options = Object.fromEntries(all.filter((argument) => !isOperand(argument)));
  const prepare = (given: Readonly<Record<string, unknown>>): Run => {
    const checked = Object.fromEntries(
      all.map((argument) => {
        const [name, { value }] = argument;
        const told = isOperand(argument) ? `<${value}>` : optionName(name);
        return [name, valueOf(told, argument[1], given[name])];
      }),
    ) as Given<Known>;
    return (world) => definition.run(checked, world);
  };
  return { summary, description, operands, options, examples, prepare };
}

/** Decodes one argument. */
function valueOf(name: string, { schema }: Argument, given: unknown): unknown {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  if (given === undefined) throw new WrongUsage(`${name} is required`);
  throw new WrongUsage(`${name}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
}

/** `ifMatch` as `--if-match`. */
export const optionName = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;

import type { Vocabulary } from './arguments.js';
import { type Argument, type Arguments, type Errand, type Noun, type Verb, optionName } from './verb.js';

const COMMAND = 'npm run orders --';
const COLUMNS = 120;

const EXIT_CODES = `Exit codes:
  0    done
  1    failed
  2    wrong usage
  4    no running system, or it does not answer in time
  7    this build cannot read the process
  8    refused: it cannot be done in this state, or the state has changed since
  9    there is no such thing
  10   it cannot be taken back, and nobody said that it is meant; nothing was done
  77   it is not known who asks, or they may not do that
  78   a variable is wrong
  130  interrupted
`;

const ABOUT = `Tables are for people; --json gives the answers of the API on standard output, one JSON object a line, and lists one
line for each row. Notes and questions are on standard error. npm says nothing of its own with npm run --silent.

The system is that of ADMIN_URL (and, for audit, of GRAPHQL_URL) or, where neither is set, the one that npm start runs
from this folder, or on the data of DATA_DIR where that is set. ORDERS_TOKEN, a token of an operator or admin or an API
key, says who asks; for the system of npm start it need not be set. NO_COLOR takes the colours away.
`;

export const helpOfCommand = ({ nouns, verbs, errands }: Vocabulary): string => {
  const words = { ...nouns, ...verbs, ...errands };
  return sections(
    'Looks into a running order system, and acts on it.\n',
    `Usage: ${COMMAND} <what> ...\n`,
    stacked(Object.entries(words).map(([name, word]) => [`${name}${verbsOf(word)}`, word.summary])),
    `${COMMAND} <what> --help tells more.\n`,
    ABOUT,
    EXIT_CODES,
    examples(Object.values(words).flatMap((word) => firstExample(word))),
  );
};

export const helpOfNoun = (name: string, { summary, verbs }: Noun): string =>
  sections(
    `${capital(summary)}.\n`,
    `Usage: ${COMMAND} ${name} <verb> ...\n`,
    aligned(Object.entries(verbs).map(([word, verb]) => [word, verb.summary])),
    examples(Object.values(verbs).flatMap((verb) => verb.examples)),
  );

export function helpOfVerb(name: string, { summary, description, operands, options, ...verb }: Verb): string {
  const places = Object.values(operands).map(({ value }) => `<${value}>`);
  return sections(
    `${capital(summary)}.\n${description === undefined ? '' : `${description}\n`}`,
    `Usage: ${[COMMAND, name, ...places, '[options]'].join(' ')}\n`,
    aligned([
      ...Object.values(operands).map(({ value, tells }) => [`<${value}>`, tells] as const),
      ...optionLines(options),
      ['--help', 'this text'],
    ]),
    examples(verb.examples),
  );
}

export const helpOfErrand = (name: string, { summary, description, usage, ...errand }: Errand): string =>
  sections(
    `${capital(summary)}.\n${description === undefined ? '' : `${description}\n`}`,
    `Usage: ${COMMAND} ${name} ${usage}\n`,
    examples(errand.examples),
  );

const optionLines = (options: Arguments) =>
  Object.entries(options).map(([name, option]) => [usageOf(name, option), tellsOf(option)] as const);

const usageOf = (name: string, { takes, value }: Argument): string =>
  takes === 'nothing' ? optionName(name) : `${optionName(name)} <${value}>`;

const tellsOf = ({ takes, tells, schema }: Argument): string =>
  [
    tells,
    ...(takes === 'many' ? ['more than once for more'] : []),
    ...(isRequired(schema) ? ['required'] : []),
  ].join('; ');

const isRequired = (schema: Argument['schema']): boolean => !schema.safeParse(undefined).success;

const verbsOf = (word: Noun | Verb | Errand): string =>
  'verbs' in word ? ` ${Object.keys(word.verbs).join('|')}` : '';

const firstExample = (word: Noun | Verb | Errand): readonly string[] =>
  ('verbs' in word ? Object.values(word.verbs).flatMap((verb) => verb.examples) : word.examples).slice(0, 1);

const examples = (lines: readonly string[]): string =>
  `Examples:\n${lines.map((line) => `  ${COMMAND} ${line}\n`).join('')}`;

type Explained = readonly [what: string, tells: string];

function aligned(rows: readonly Explained[]): string {
  const most = Math.max(...rows.map(([what]) => what.length));
  const [margin, width] = [' '.repeat(most + 4), COLUMNS - most - 4];
  return rows
    .map(([what, tells]) => `  ${what.padEnd(most)}  ${broken(tells, width).join(`\n${margin}`)}\n`)
    .join('');
}

/** In lines that are no longer than that, unless a word is. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

const stacked = (rows: readonly Explained[]): string =>
  rows.map(([what, tells]) => `  ${what}\n      ${tells}\n`).join('');

const sections = (...parts: readonly string[]): string => parts.join('\n');
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ConfigurationError, EX_CONFIG } from './configuration.js';
import { Interrupted } from './interruption.js';
import { oneLine } from './one-line.js';
import { NotRunning } from './running-system.js';

/** The arguments of a command are not understood; the message says which. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';

  /** @param within the part of the command whose help tells more, e.g. `process list`; without it, the whole command's */
  constructor(
    message: string,
    { within = '', ...options }: ErrorOptions & { readonly within?: string | undefined } = {},
  ) {
    super(message, options);
    this.within = within;
  }

  readonly within: string;
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** The options that were given. Throws WrongUsage. */
export function optionsIn<const Known extends Options>(argv: readonly string[], options: Known) {
  return understood(() => parseArgs({ args: [...argv], options }).values);
}

/** The options that were given, and what stands beside them. Throws WrongUsage. */
export function argumentsIn<const Known extends Options>(argv: readonly string[], options: Known) {
  return understood(() => parseArgs({ args: [...argv], options, allowPositionals: true }));
}

function understood<Parsed>(parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    throw new WrongUsage(oneLine(error), { cause: error });
  }
}

/**
 * The exit codes that mean the same for every command that works on a running system; beside them EX_CONFIG, for a
 * variable, and 5 and 6, which are the replay's.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  different: 3,
  unreachable: 4,
  unreadable: 7,
  /** It cannot be done in this state, or not any more. */
  refused: 8,
  notFound: 9,
  /** It cannot be taken back, and nobody said that it is meant. */
  unconfirmed: 10,
  /** It is not known who asks, or they may not do that. EX_NOPERM of sysexits. */
  notAllowed: 77,
  interrupted: 130,
} as const;

/**
 * Runs `npm run <name>`, whose `main` resolves with its exit code, and ends the process. What goes wrong is told on
 * standard error, once and without a stack.
 * @param exitCodeOf of errors that are the command's own
 */
export async function runAsCommand(
  name: string,
  main: () => Promise<number>,
  exitCodeOf: (error: unknown) => number | undefined,
): Promise<never> {
  const code = await main().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Interrupted)) process.stderr.write(`${message || String(error)}\n`);
    if (error instanceof WrongUsage) process.stderr.write(`See npm run ${helpOf(name, error)}\n`);
    return exitCodeOf(error) ?? commonCodeOf(error);
  });
  process.exit(code);
}

const helpOf = (name: string, { within }: WrongUsage): string =>
  [name, '--', ...(within === '' ? [] : [within]), '--help'].join(' ');

function commonCodeOf(error: unknown): number {
  if (error instanceof WrongUsage) return exitCodes.usage;
  if (error instanceof ConfigurationError) return EX_CONFIG;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof NotRunning) return exitCodes.unreachable;
  return exitCodes.failed;
}

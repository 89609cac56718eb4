import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ConfigurationError, EX_CONFIG } from './configuration.js';
import { Interrupted } from './interruption.js';
import { NotRunning } from './running-system.js';

/** The arguments of a command are not understood; the message says which. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** The options that were given. Throws WrongUsage. */
export function optionsIn<const Known extends Options>(argv: readonly string[], options: Known) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The exit codes that mean the same for every command that works on a running system; beside them EX_CONFIG, for a variable. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  different: 3,
  unreachable: 4,
  unreadable: 7,
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
    if (error instanceof WrongUsage) process.stderr.write(`See npm run ${name} -- --help\n`);
    return exitCodeOf(error) ?? commonCodeOf(error);
  });
  process.exit(code);
}

function commonCodeOf(error: unknown): number {
  if (error instanceof WrongUsage) return exitCodes.usage;
  if (error instanceof ConfigurationError) return EX_CONFIG;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof NotRunning) return exitCodes.unreachable;
  return exitCodes.failed;
}

import { exitCodes } from '@orders/shared-events/transport/command-line.js';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { demandSure } from './confirmation.js';
import type { Errand } from './verb.js';

const QUESTION = 'Build the read models anew, and let readers see those?';

/**
 * The read models are the query side's, and so is the program that builds them: it runs as a process of its own, on the
 * terminal of this one, and what it ends with is what this one ends with.
 */
export const replayErrand: Errand = {
  summary: 'builds the read models anew from the event log, and swaps them in',
  description: `It is npm run replay, which asks nobody: that one's help tells its options and its exit codes.
  --yes  do not ask whether it is meant`,
  usage: '[--yes] [options of npm run replay]',
  examples: ['replay --dry-run', 'replay --yes --json'],
  prepareFrom: (argv) => {
    const passed = argv.filter((word) => word !== '--yes');
    return async ({ terminal }) => {
      const isSure = argv.includes('--yes') || argv.includes('--dry-run');
      const plan = () => Promise.resolve('Readers keep what they have until it is done. --dry-run compares.');
      await demandSure({ question: QUESTION, plan, isSure }, terminal);
      return ended(spawn(process.execPath, [program(), ...passed], { stdio: 'inherit' }));
    };
  },
};

function program(): string {
  try {
    return fileURLToPath(import.meta.resolve('@orders/query-side/replay.main.js'));
  } catch (error) {
    throw new Error('the query side is not installed here: run its replay.main.js where it is', {
      cause: error,
    });
  }
}

/** Its exit code. Whoever interrupts at a terminal interrupts both; what was sent to this one alone is passed on. */
async function ended(child: ChildProcess): Promise<number> {
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGTERM', passOn);
  const [code] = (await once(child, 'exit')) as [code: number | null];
  process.off('SIGTERM', passOn);
  return code ?? exitCodes.interrupted;
}

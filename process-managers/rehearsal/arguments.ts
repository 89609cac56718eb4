import { WrongUsage, optionsIn } from '@orders/shared-events/transport/command-line.js';
import { CURRENT_DEFINITION, UnknownDefinition, rulesOf } from '../order-process/rules.js';

export interface RehearsalArguments {
  readonly definition: number;
  readonly json: boolean;
  readonly help: boolean;
}

export const usage = `Decides all open order processes anew by another definition, and lists what would be decided otherwise.
Nothing is recorded and nothing is sent.

Usage: npm run rehearse -- [options]

  --definition <n>  the candidate; ${CURRENT_DEFINITION}, that of new processes, unless told
  --json            one JSON object on standard output, and no progress
  --help            this text

The back ends are those of EVENTSTORE_URL and DATABASE_URL or, where those are not set, of the system that
npm start runs from this folder, or on the data of DATA_DIR where that is set.

Exit codes:
  0    every process decides the same
  1    failed
  2    wrong usage
  3    processes would decide otherwise
  4    no running system, or a back end does not answer
  7    a process cannot be read, or not by the candidate
  130  interrupted

Examples:
  npm run rehearse
  npm run rehearse -- --definition 1 --json
`;

/** Throws WrongUsage. */
export function rehearsalArguments(argv: readonly string[]): RehearsalArguments {
  const { definition, json, help } = optionsIn(argv, {
    definition: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const candidate = definition === undefined ? CURRENT_DEFINITION : Number(definition);
  try {
    rulesOf(candidate);
  } catch (error) {
    if (!(error instanceof UnknownDefinition)) throw error;
    throw new WrongUsage(`--definition: there is no definition ${definition}`, { cause: error });
  }
  return { definition: candidate, json, help };
}

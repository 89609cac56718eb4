import { exitCodes as common, optionsIn } from '@orders/shared-events/transport/command-line.js';

export interface ReplayArguments {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

export const exitCodes = { ...common, anotherReplay: 5, foreignLog: 6 } as const;

export const usage = `Builds the read models anew from the event log's first event and swaps them in, while the system runs.

Usage: npm run replay -- [options]

  --dry-run  build, compare with what readers see now, drop; nothing changes for readers
  --json     one JSON object on standard output, and no progress bar
  --help     this text

The back ends are those of EVENTSTORE_URL and DATABASE_URL or, where those are not set, of the system that
npm start runs from this folder, or on the data of DATA_DIR where that is set.

Exit codes:
  0    swapped in; with --dry-run: the rows are equal
  1    failed
  2    wrong usage
  3    --dry-run: rows differ
  4    no running system, or a back end does not answer
  5    another replay is running
  6    the read models in the database belong to another event log
  7    the log holds an event that this version cannot read
  130  interrupted

Whatever happens before the swap, readers keep the rows that they have.

Examples:
  npm run replay -- --dry-run
  npm run replay -- --json
`;

/** Throws WrongUsage. */
export function replayArguments(argv: readonly string[]): ReplayArguments {
  const { 'dry-run': dryRun, ...others } = optionsIn(argv, {
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  return { dryRun, ...others };
}

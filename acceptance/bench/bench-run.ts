import { type Environment, environment, environmentLines } from './environment.js';
import { othersShare } from './process-usage.js';
import { type Goal, type Measurement, goalLine, isMet, section } from './report.js';
import type { Topology } from './running-system.js';

export interface BenchOptions {
  /** Measures as well what takes minutes longer. */
  readonly full: boolean;
  readonly topology: Topology;
  readonly progress: (line: string) => void;
}

export interface Bench {
  readonly about: string;
  /** What `--full` adds. */
  readonly aboutFull: string;
  /** Seconds after which it is given up, whatever it is doing. */
  readonly deadline: { readonly usual: number; readonly full: number };
  run(options: BenchOptions): AsyncIterable<Measurement>;
}

interface RunOptions extends Omit<BenchOptions, 'progress'> {
  /** One JSON object on standard output instead of text. */
  readonly json: boolean;
}

/** Prints each measurement as soon as it is known, then the goals. Resolves with whether all of them were reached. */
export async function runBench(name: string, bench: Bench, options: RunOptions): Promise<boolean> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const print = (lines: readonly string[]) => options.json || console.log(lines.join('\n'));
  const others = await othersShare();
  const surroundings = await environment();
  print([`bench ${name}, ${surroundings.date}`, ...environmentLines(surroundings)]);
  const measurements: Measurement[] = [];
  const progress = (line: string) => console.error(`... ${seconds().toFixed(0)} s: ${line}`);
  for await (const measurement of bench.run({ ...options, progress })) {
    measurements.push(measurement);
    print([section(measurement)]);
  }
  const run = { bench: name, environment: surroundings, seconds: seconds(), usedByOthers: await others() };
  const goals = measurements.flatMap((measurement) => measurement.goals);
  print(conclusion(goals, run));
  if (options.json) console.log(asJson(run, measurements, goals));
  return goals.every(isMet);
}

interface Run {
  readonly bench: string;
  readonly environment: Environment;
  readonly seconds: number;
  /** Share of the machine, from 0 to 1, that processes used which had nothing to do with the bench. */
  readonly usedByOthers: number;
}

const conclusion = (goals: readonly Goal[], { seconds, usedByOthers }: Run): string[] => [
  '',
  'goals',
  ...goals.map((goal) => `  ${goalLine(goal)}`),
  '',
  `took ${seconds.toFixed(0)} s; processes beside the bench used ${(usedByOthers * 100).toFixed(0)} % of the machine`,
];

const asJson = (run: Run, measurements: readonly Measurement[], goals: readonly Goal[]): string =>
  JSON.stringify(
    {
      ...run,
      measurements: measurements.map(({ title, figures }) => ({ title, ...figures })),
      goals: goals.map((goal) => ({ ...goal, met: isMet(goal) })),
    },
    undefined,
    2,
  );

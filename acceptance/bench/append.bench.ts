import { ANY, type EventStoreDBClient } from '@eventstore/db-client';
import { EchoClient } from './bare-grpc.js';
import { closedLoop, perSecond } from './closed-loop.js';
import { type Paired, figuresOf, inPairs } from './pairs.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import { nextStream, smallEvent } from './small-event.js';
import { type Spread, median, ratios } from './statistics.js';
import { type Subjects, asClient } from './subjects.js';
import { type AppendMessages, appendMessages } from './wire-size.js';

const WARM_UP_S = 3;
const ROUND_S = 2;
const PAIRS = 5;
const IN_FLIGHT = [1, 32, 256] as const;
/** So much of the echo's rate; where the client itself reaches less than twice that, half of what it reaches. */
const GOAL = { inFlight: 32, ofEcho: 0.3, ofCeiling: 0.5 };

interface Round {
  readonly perSecond: number;
  /** CPU time of the server for each, in microseconds. */
  readonly serverUs: number;
  /** The same of the client. */
  readonly clientUs: number;
}

interface Level {
  readonly inFlight: number;
  readonly pairs: readonly Paired<Round>[];
  /** Of the rates, ours / bare. */
  readonly ratio: Spread;
}

/** One small event in one of many streams, whatever their revision. */
export const append = async (client: EventStoreDBClient): Promise<void> => {
  await client.appendToStream(nextStream(), smallEvent(), { expectedRevision: ANY });
};

/**
 * Appends/s of single events, against echoes/s of messages of the same size over one long call, and against what the
 * client itself can do: its appends to a bare server that answers each as soon as it comes.
 */
export async function measureAppends(
  subjects: Subjects,
  progress: (line: string) => void,
): Promise<Measurement> {
  const messages = appendMessages();
  const echo = new EchoClient(subjects.urls.bare, messages.request);
  try {
    return await asClient(subjects.urls.ours, (client) =>
      asClient(subjects.urls.bare, async (bareClient) => {
        const ours = () => append(client);
        const unwritten = () => append(bareClient);
        for (const work of [ours, unwritten, echo.bidi]) await closedLoop(WARM_UP_S, GOAL.inFlight, work);
        const levels: Level[] = [];
        for (const inFlight of IN_FLIGHT) {
          levels.push(await level(subjects, inFlight, { ours, bare: echo.bidi }));
          progress(`appends, ${inFlight} in flight`);
        }
        const ceiling = await level(subjects, GOAL.inFlight, { ours, bare: unwritten });
        return measurement(levels, ceiling, messages);
      }),
    );
  } finally {
    echo.close();
  }
}

async function level(
  subjects: Subjects,
  inFlight: number,
  work: Paired<() => Promise<void>>,
): Promise<Level> {
  const measure = {
    ours: () => round(subjects, 'ours', inFlight, work.ours),
    bare: () => round(subjects, 'bare', inFlight, work.bare),
  };
  const pairs = await inPairs(PAIRS, measure, () => undefined);
  return { inFlight, pairs, ratio: ratios(figuresOf(pairs, (round) => round.perSecond)) };
}

async function round(
  subjects: Subjects,
  server: 'ours' | 'bare',
  inFlight: number,
  work: () => Promise<void>,
): Promise<Round> {
  const before = await subjects.cpuMs();
  const throughput = await closedLoop(ROUND_S, inFlight, work);
  const after = await subjects.cpuMs();
  const usEach = (process: keyof typeof after) =>
    ((after[process] - before[process]) * 1000) / throughput.done;
  return { perSecond: perSecond(throughput), serverUs: usEach(server), clientUs: usEach('client') };
}

function measurement(levels: readonly Level[], ceiling: Level, messages: AppendMessages): Measurement {
  const of = ({ pairs }: Level, which: 'ours' | 'bare', key: keyof Round) =>
    median(pairs.map((pair) => pair[which][key]));
  const row = (name: string, level: Level) => [
    name,
    ...(['ours', 'bare'] as const).map((which) => figure(of(level, which, 'perSecond'))),
    spreadText(level.ratio),
    ...(['ours', 'bare'] as const).flatMap((which) =>
      (['serverUs', 'clientUs'] as const).map((key) => figure(of(level, which, key))),
    ),
  ];
  const atGoal = levels.find(({ inFlight }) => inFlight === GOAL.inFlight) ?? ceiling;
  const reachable = of(ceiling, 'bare', 'perSecond') / of(atGoal, 'bare', 'perSecond');
  return {
    title: `appends of one small event, each on disk when it is answered (${PAIRS} pairs of ${ROUND_S} s, medians)`,
    lines: [
      ...table([
        ['', 'appends/s', 'bare/s', 'ratio', 'CPU-us: node', 'client', 'bare server', 'its client'],
        ...levels.map((level) => row(`echo, ${level.inFlight} in flight`, level)),
        row(`client's ceiling, ${ceiling.inFlight} in flight`, ceiling),
      ]),
      `echo: grpc-js alone, ${messages.request} bytes there and ${messages.answer} back over one call, as those of an append`,
      `client's ceiling: the same client, and a bare server that answers each append as soon as it comes; it is ${figure(reachable)} of the echoes/s`,
      `goal: ${GOAL.ofEcho} of the echoes/s, or ${GOAL.ofCeiling} of the client's ceiling where that is less`,
    ],
    figures: { messages, levels, ceiling, reachable },
    goals: [
      {
        name: `appends/s of bidi echoes/s, ${GOAL.inFlight} in flight`,
        measured: atGoal.ratio.median,
        bound: 'at least',
        goal: Math.min(GOAL.ofEcho, GOAL.ofCeiling * reachable),
        unit: '',
      },
    ],
  };
}

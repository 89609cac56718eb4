import { ANY, type EventStoreDBClient } from '@eventstore/db-client';
import { within } from '@orders/shared-events/transport/waiting.js';
import { SyncedFile } from './bare-disk.js';
import { EchoClient } from './bare-grpc.js';
import { LiveSubscriber } from './live-subscriber.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import { nextStream, smallEvent } from './small-event.js';
import { median, percentile, ratios } from './statistics.js';
import { type Subjects, asClient } from './subjects.js';
import { appendMessages } from './wire-size.js';

const WARM_UP = 300;
const ROUNDS = 5;
const TIMES = 300;
const GOAL = 3;
const DEADLINE_MS = 10_000;

/** The three, in milliseconds. */
interface Times {
  /** From the append's call until a subscriber has the event. */
  readonly live: number;
  readonly echo: number;
  readonly sync: number;
}

const KINDS = ['live', 'echo', 'sync'] as const;

/**
 * How long an event takes from its append to a live subscriber, one at a time, against what cannot be saved: a call
 * that is answered, and a small write that reaches the disk. Each is measured right after the other.
 */
export function measureLive(subjects: Subjects, progress: (line: string) => void): Promise<Measurement> {
  const { urls, stage } = subjects;
  return asClient(urls.ours, (appending) =>
    asClient(urls.ours, async (subscribing) => {
      const subscriber = await LiveSubscriber.open(subscribing);
      const echo = new EchoClient(urls.bare, appendMessages().request);
      const file = new SyncedFile(stage.file('synced'));
      const once = async (): Promise<Times> => ({
        live: await live(appending, subscriber),
        echo: await elapsed(echo.unary),
        sync: await elapsed(() => file.append()),
      });
      await repeat(WARM_UP, once);
      const rounds: Times[][] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        rounds.push(await repeat(TIMES, once));
        progress(`live: round ${round} of ${ROUNDS}`);
      }
      file.close();
      echo.close();
      await subscriber.close();
      return measurement(rounds);
    }),
  );
}

/** The append is answered as well before the next one: nothing of it lies in the next one's time. */
async function live(client: EventStoreDBClient, subscriber: LiveSubscriber): Promise<number> {
  const event = smallEvent();
  const heard = subscriber.heard(event.id);
  const startedAt = performance.now();
  const appended = client.appendToStream(nextStream(), event, { expectedRevision: ANY });
  const [at] = await within(DEADLINE_MS, 'a live event', Promise.all([heard, appended]));
  return at - startedAt;
}

async function elapsed(work: () => Promise<void> | void): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < times) results.push(await work());
  return results;
}

function measurement(rounds: readonly (readonly Times[])[]): Measurement {
  const valuesOf = (round: readonly Times[], kind: keyof Times) => round.map((times) => times[kind]);
  const p50 = (round: readonly Times[], kind: keyof Times) => median(valuesOf(round, kind));
  const ratio = ratios(
    rounds.map((round) => ({ ours: p50(round, 'live'), bare: p50(round, 'echo') + p50(round, 'sync') })),
  );
  const all = rounds.flat();
  const figures = KINDS.map((kind) => ({
    kind,
    p50: p50(all, kind),
    p99: percentile(valuesOf(all, kind), 99),
  }));
  const names = { live: 'append to live subscriber', echo: 'unary echo', sync: 'write + fdatasync' };
  return {
    title: `latency to a live subscriber, one event at a time (${ROUNDS} rounds of ${TIMES})`,
    lines: [
      ...table([
        ['', 'p50 ms', 'p99 ms'],
        ...figures.map(({ kind, p50, p99 }) => [names[kind], figure(p50), figure(p99)]),
      ]),
      `ratio of p50, live / (echo + fdatasync), round by round: ${spreadText(ratio)}`,
    ],
    figures: { rounds: ROUNDS, times: TIMES, ms: figures, ratio },
    goals: [
      {
        name: 'latency to a live subscriber of echo + fdatasync',
        measured: ratio.median,
        bound: 'at most',
        goal: GOAL,
        unit: '',
      },
    ],
  };
}

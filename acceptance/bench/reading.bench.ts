import { type EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import { closedLoop, perSecond } from './closed-loop.js';
import { EVENTS_PER_STREAM, filledStream } from './filled-store.js';
import { type Paired, figuresOf, inPairs } from './pairs.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import { type Spread, median, ratios, spread } from './statistics.js';
import { type Subjects, asClient } from './subjects.js';

const PAIRS = 5;
const GOAL = { ofDecodable: 0.9, ofClientCpu: 0.5 };
const LOADS = { seconds: 3, inFlight: 32 };

interface Round {
  readonly perSecond: number;
  /** CPU time of server and client for each event, in microseconds. */
  readonly serverUs: number;
  readonly clientUs: number;
}

/**
 * Events/s of readAll and the CPU time for each, against what the client can decode: the same bytes, which a bare
 * server sends from memory. Beside it, how many short streams a second are loaded.
 */
export async function measureReads(
  subjects: Subjects,
  progress: (line: string) => void,
): Promise<Measurement> {
  const measure = { ours: () => readAll(subjects, 'ours'), bare: () => readAll(subjects, 'bare') };
  await inPairs(1, measure, () => undefined);
  progress('reads: warm');
  const pairs = await inPairs(PAIRS, measure, (pair) => progress(`reads: pair ${pair} of ${PAIRS}`));
  const loads = await asClient(subjects.urls.ours, (client) => loadStreams(client, subjects.events));
  return measurement(subjects.events, pairs, loads);
}

/** All events that both have, once. Throws where it is another number of them. */
function readAll(subjects: Subjects, server: 'ours' | 'bare'): Promise<Round> {
  const { events, urls } = subjects;
  return asClient(urls[server], async (client) => {
    const before = await subjects.cpuMs();
    const startedAt = performance.now();
    const read = await count(client.readAll({ direction: FORWARDS, fromPosition: START, maxCount: events }));
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await subjects.cpuMs();
    if (read !== events) throw new Error(`${read} events were read instead of ${events}`);
    const usEach = (process: keyof typeof after) => ((after[process] - before[process]) * 1000) / events;
    return { perSecond: events / seconds, serverUs: usEach(server), clientUs: usEach('client') };
  });
}

async function count(events: AsyncIterable<unknown>): Promise<number> {
  let read = 0;
  for await (const _ of events) read += 1;
  return read;
}

/** Streams of ten events a second, as a decider loads them. */
async function loadStreams(client: EventStoreDBClient, events: number): Promise<number> {
  const streams = events / EVENTS_PER_STREAM;
  let next = 0;
  const load = async () => {
    const read = await count(client.readStream(filledStream(next++ % streams)));
    if (read !== EVENTS_PER_STREAM) throw new Error(`${read} events were loaded`);
  };
  return perSecond(await closedLoop(LOADS.seconds, LOADS.inFlight, load));
}

function measurement(events: number, pairs: readonly Paired<Round>[], loads: number): Measurement {
  const ofDecodable = ratios(figuresOf(pairs, (round) => round.perSecond));
  const ofClientCpu: Spread = spread(pairs.map(({ ours }) => ours.serverUs / ours.clientUs));
  const row = (name: string, which: 'ours' | 'bare') => [
    name,
    ...(['perSecond', 'serverUs', 'clientUs'] as const).map((key) =>
      figure(median(pairs.map((pair) => pair[which][key]))),
    ),
  ];
  return {
    title: `readAll of ${events} events (${PAIRS} pairs, medians)`,
    lines: [
      ...table([
        ['', 'events/s', "server's CPU-us each", "client's"],
        row('ours', 'ours'),
        row('bare server: the same bytes from memory', 'bare'),
      ]),
      `ratio of events/s, ours / bare, pair by pair: ${spreadText(ofDecodable)}`,
      `CPU time an event, node / its client, run by run: ${spreadText(ofClientCpu)}`,
      `streams of ${EVENTS_PER_STREAM} events loaded, ${LOADS.inFlight} at once: ${figure(loads)}/s`,
    ],
    figures: { events, pairs, ofDecodable, ofClientCpu, loadsPerSecond: loads },
    goals: [
      {
        name: 'readAll of what the client can decode',
        measured: ofDecodable.median,
        bound: 'at least',
        goal: GOAL.ofDecodable,
        unit: '',
      },
      {
        name: "node's CPU an event read of the client's",
        measured: ofClientCpu.median,
        bound: 'at most',
        goal: GOAL.ofClientCpu,
        unit: '',
      },
    ],
  };
}

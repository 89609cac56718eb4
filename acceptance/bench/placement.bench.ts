import { CustomerId, orderIdOf, orderStream } from '@orders/shared-events/contracts/ids.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { closedLoop, perSecond } from './closed-loop.js';
import { readingLog } from './log.js';
import {
  CUSTOMER,
  GraphqlClient,
  IN_FLIGHT,
  SKUS,
  inTurn,
  newOrder,
  placeOrder,
  seedProducts,
} from './orders-load.js';
import { type Paired, figuresOf, inPairs } from './pairs.js';
import { cpuBetween, usageOf } from './process-usage.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import { Stage, built } from './stage.js';
import { median, ratios } from './statistics.js';

const WARM_UP_S = 8;
const ROUND_S = 4;
const PAIRS = 3;
const GOAL = 0.5;

const OURS = 'command-side';
const BARE = 'bare-mutation';

/** One round against one of the two. */
interface Round {
  readonly perSecond: number;
  /** CPU time a placement, in microseconds, of the process that was asked. */
  readonly cpuUs: number;
  /** The same of the event store. */
  readonly storeUs: number;
}

/** placeOrder/s with process managers and projectors off, against a bare mutation that makes one raw append. */
export async function measurePlacement(progress: (line: string) => void): Promise<Measurement> {
  const stage = await Stage.open();
  try {
    const ours = await startOurs(stage);
    const bare = await startBare(stage, await modelEvent(stage, ours));
    const clients = [ours, bare];
    for (const client of clients) await place(client, WARM_UP_S);
    const measure = {
      ours: () => round(stage, OURS, ours),
      bare: () => round(stage, BARE, bare),
    };
    const pairs = await inPairs(PAIRS, measure, (pair) => progress(`placement: pair ${pair} of ${PAIRS}`));
    for (const client of clients) client.close();
    return measurement(pairs);
  } finally {
    await stage.close();
  }
}

async function startOurs(stage: Stage): Promise<GraphqlClient> {
  const PORT = await stage.port();
  await stage.add({
    name: OURS,
    command: [built('command-side', 'main.js')],
    environment: { PORT },
    readyAt: `http://127.0.0.1:${PORT}/health/ready`,
  });
  const client = new GraphqlClient(`http://127.0.0.1:${PORT}/graphql`);
  await seedProducts(client);
  return client;
}

/** An event that ours wrote: the bare mutation appends one of the same bytes. */
async function modelEvent(stage: Stage, ours: GraphqlClient): Promise<RecordedEvent> {
  const order = newOrder(SKUS[0] ?? '');
  await placeOrder(ours, order);
  const stream = orderStream(orderIdOf(CustomerId.parse(CUSTOMER), order.idempotencyKey));
  return readingLog(stage, async (log) => {
    for await (const event of log.readStream(stream)) return event;
    throw new Error(`${stream} is empty`);
  });
}

async function startBare(stage: Stage, { type, data, metadata }: RecordedEvent): Promise<GraphqlClient> {
  const { url } = await stage.add({
    name: BARE,
    command: [built('acceptance', 'bench/bare-mutation.main.js')],
    environment: { PORT: await stage.port(), BARE_EVENT: JSON.stringify({ type, data, metadata }) },
  });
  return new GraphqlClient(`${url}/graphql`);
}

function place(client: GraphqlClient, seconds: number) {
  const sku = inTurn(SKUS);
  return closedLoop(seconds, IN_FLIGHT, () => placeOrder(client, newOrder(sku())));
}

async function round(stage: Stage, name: string, client: GraphqlClient): Promise<Round> {
  const before = await usageOf(stage.roots);
  const throughput = await place(client, ROUND_S);
  const cpuMs = cpuBetween(before, await usageOf(stage.roots));
  const usEach = (process: string) => ((cpuMs[process] ?? 0) * 1000) / throughput.done;
  return { perSecond: perSecond(throughput), cpuUs: usEach(name), storeUs: usEach('event-store') };
}

function measurement(pairs: readonly Paired<Round>[]): Measurement {
  const ratio = ratios(figuresOf(pairs, (round) => round.perSecond));
  const [ours, bare] = [pairs.map((pair) => pair.ours), pairs.map((pair) => pair.bare)];
  const row = (name: string, rounds: readonly Round[]) =>
    [
      name,
      ...(['perSecond', 'cpuUs', 'storeUs'] as const).map((key) =>
        figure(median(rounds.map((round) => round[key]))),
      ),
    ] as const;
  return {
    title: `placeOrder at ${IN_FLIGHT} in flight, process managers and projectors off (${PAIRS} pairs of ${ROUND_S} s, medians)`,
    lines: [
      ...table([
        ['', 'placeOrder/s', 'its CPU-us each', "event store's CPU-us each"],
        row('ours', ours),
        row('bare mutation: Nest, Apollo, one raw append', bare),
      ]),
      `ratio ours / bare, pair by pair: ${spreadText(ratio)}`,
    ],
    figures: { inFlight: IN_FLIGHT, rounds: { ours, bare }, ratio },
    goals: [
      { name: 'placeOrder/s of bare', measured: ratio.median, bound: 'at least', goal: GOAL, unit: '' },
    ],
  };
}

import { describe, expect, it } from '@jest/globals';
import { heard, started, toAppend } from '@orders/process-managers/own-events.js';
import { anOrder } from '@orders/process-managers/testing/order-story.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { recorded } from '@orders/query-side/testing/recorded.js';
import { operationsOf } from './operations.js';
import { processWrites, readModelWrites } from './projection-writes.js';
import { appendsOf, waysOf } from './workload.js';

const NOW = '2026-01-31T12:00:00.000Z';
const order = anOrder();

/** The placement of an order and what its process records of it, as the log has them. */
function placement(): [RecordedEvent, RecordedEvent, RecordedEvent] {
  const [placed] = recorded(order.placed);
  if (!placed) throw new Error('no event');
  const own = [started(order.orderId, placed, NOW), heard(order.orderId, placed, undefined, NOW)].map(
    toAppend,
  );
  const inProcess = (event: (typeof own)[number] | undefined, index: number): RecordedEvent => {
    if (!event) throw new Error('no event');
    const streamId = orderProcessStream(order.orderId);
    const position = placed.position + BigInt(index + 1);
    return { ...event, streamId, revision: BigInt(index), position, recordedAt: new Date(NOW) };
  };
  return [placed, inProcess(own[0], 0), inProcess(own[1], 1)];
}

const at = (event: RecordedEvent, streamId: string, ms: number): RecordedEvent => ({
  ...event,
  streamId,
  recordedAt: new Date(Date.parse(NOW) + ms),
});

describe('appends', () => {
  const [event] = placement();

  it('are events of one stream that stand side by side and have one time', () => {
    const log = [at(event, 'order-a', 0), at(event, 'order-a', 0), at(event, 'order-b', 0)];
    expect(appendsOf(log).map(({ stream, events }) => [stream, events.length])).toEqual([
      ['order-a', 2],
      ['order-b', 1],
    ]);
  });

  it('are two where the time differs, or another stream is between them', () => {
    expect(appendsOf([at(event, 'order-a', 0), at(event, 'order-a', 1)])).toHaveLength(2);
    const parted = [at(event, 'order-a', 0), at(event, 'order-b', 0), at(event, 'order-a', 0)];
    expect(appendsOf(parted)).toHaveLength(3);
  });
});

describe('the way of an order', () => {
  const [way = []] = waysOf(placement());

  it('has its appends in order, with what was published because of each', () => {
    expect(way.map(({ events }) => events.map(({ type }) => type))).toEqual([
      ['OrderPlaced'],
      ['OrderProcessStarted', 'OrderProcessHeard'],
    ]);
    expect(
      way.map(({ publishes }) => publishes.map(({ exchange, routingKey }) => [exchange, routingKey])),
    ).toEqual([[['integration-events', 'order.created']], [['commands', 'payment.AuthorizePayment']]]);
  });

  it('has each command once, however many appends it stays outstanding over', () => {
    const [placed, start, hear] = placement();
    const [again = []] = waysOf([placed, at(start, start.streamId, 0), at(hear, hear.streamId, 5)]);
    const commands = again
      .flatMap(({ publishes }) => publishes)
      .filter(({ exchange }) => exchange === 'commands');
    expect(commands).toHaveLength(1);
  });
});

describe('the writes of the projections', () => {
  const log = placement();

  it('of the read models are as many transactions as there were, with the rows of their events', () => {
    const [first, , last] = log.map(({ position }) => position);
    const transactions = readModelWrites(log, [first ?? 0n, last ?? 0n]);
    const auditRows = transactions.map(
      (writes) => writes.find(({ text }) => text.includes('audit_log'))?.rows,
    );
    expect(auditRows).toEqual([1, 2]);
  });

  it('of the processes hold the last state of each within a tenth of a second', () => {
    expect(processWrites(log).map((writes) => writes.map(({ rows }) => rows))).toEqual([[1]]);
  });

  it('are counted an order', () => {
    const workload = {
      ways: waysOf(log),
      readModels: readModelWrites(log, [99n]),
      processes: processWrites(log),
    };
    const counted = new Map(operationsOf(workload).map(({ name, ...operation }) => [name, operation]));
    expect(counted.get('append to orderProcess')).toMatchObject({ perOrder: 1, items: 2 });
    expect(counted.get('publish command, confirmed')).toMatchObject({ perOrder: 1, items: 1 });
    expect(counted.get('read models: transaction')).toMatchObject({ perOrder: 1 });
  });
});

import { expect, it } from '@jest/globals';
import { orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { until } from '@orders/shared-events/testing/until.js';
import type { OutstandingCommand } from './order-process/outstanding.js';
import { heard, operated, started, toAppend } from './own-events.js';
import { ProcessActions } from './process-actions.js';
import { MemoryLog, fromLog } from './testing/memory-log.js';
import { START, anOrder } from './testing/order-story.js';

const order = anOrder();
const stream = orderProcessStream(order.orderId);
const asked = (key: string) => ({
  ...{ key, actor: { kind: 'operator', subject: 'jane' } as const, reason: 'ticket 4711' },
  context: { correlationId: key, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
});

/** Of an order that was paused before its payment was heard of, so that its stock is asked for once it goes on. */
async function pausedLog(): Promise<MemoryLog> {
  const log = new MemoryLog();
  const placed = fromLog(order.placed, 1n);
  const events = [
    started(order.orderId, placed, START),
    heard(order.orderId, placed, undefined, START),
    operated({ type: 'OrderProcessPaused', data: { orderId: order.orderId } }, asked('pause'), START),
    heard(order.orderId, fromLog(order.captured, 2n), undefined, START),
  ];
  await log.append(stream, 'no_stream', events.map(toAppend));
  return log;
}

it('two copies of a request that are dealt with at once ask for what the one asks for that stands', async () => {
  const log = await pausedLog();
  let clock = START;
  const sent: OutstandingCommand[] = [];
  const effects = {
    now: () => (clock = later(clock, 1_000)),
    send: (command: OutstandingCommand) => Promise.resolve(void sent.push(command)),
  };
  const copies = Array.from({ length: 2 }, () => new ProcessActions(log, effects, silent));
  // Each has decided before one of them appends.
  let waiting = 0;
  log.beforeAppend = async () => {
    waiting += 1;
    await until(() => waiting === copies.length);
  };
  const outcomes = await Promise.all(
    copies.map((actions) => actions.perform(order.orderId, 'resume', asked('resume'))),
  );
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['done', 'repeated']);
  const [one, other] = outcomes.map((each) => ('plan' in each ? each.plan : undefined));
  expect(one).toEqual(other);
  expect(sent).toEqual(one?.sends);
  expect(sent).toMatchObject([{ command: { type: 'ReserveStock' } }]);
});

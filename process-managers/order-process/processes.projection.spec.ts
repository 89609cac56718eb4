import { expect, it } from '@jest/globals';
import { orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { ProcessRunner } from '../process.js';
import { Processes } from '../processes.js';
import { MemoryLog, fromLog } from '../testing/memory-log.js';
import { START, anOrder } from '../testing/order-story.js';
import { quietEffects } from '../testing/quiet-effects.js';
import type { Projected } from './process-row.js';
import { Gathering } from './processes.projection.js';

const order = anOrder({ lines: [{ sku: 'SKU-A' }, { sku: 'SKU-B' }] });
const MOVE = { name: 'processes', token: 1n, position: 0n, to: 1n, caughtUpFor: 0 };

it('what a stage is late by in the log is kept until the next one, whoever hears what comes meanwhile', async () => {
  const log = new MemoryLog();
  const runner = new ProcessRunner(new Processes((stream) => log.read(stream)), quietEffects(log), silent);
  const stored: Projected[] = [];
  const table = {
    store: (processes: Iterable<Projected>) => Promise.resolve(stored.push(...processes) > 0),
  };
  const gathering = new Gathering(new Processes((stream) => log.read(stream)), table, silent);

  /** The log is so far ahead of the clock of who hears it. */
  async function hears(ahead: number, event: Parameters<typeof fromLog>[0], position: bigint) {
    const before = log.streams.get(orderProcessStream(order.orderId))?.length ?? 0;
    await runner.hear(order.orderId, fromLog(event, position));
    const events = log.streams.get(orderProcessStream(order.orderId))?.slice(before) ?? [];
    const recordedAt = new Date(later(START, ahead));
    await gathering.take(
      events.map((own) => ({ ...own, recordedAt })),
      new AbortController().signal,
    );
    await gathering.store(MOVE);
    const last = stored.at(-1);
    return [last?.tracked.state.kind === 'running' && last.tracked.state.stage, last?.logAheadMs];
  }

  expect(await hears(30_000, order.placed, 10n)).toEqual(['payment', 30_000]);
  expect(await hears(30_000, order.captured, 20n)).toEqual(['reservation', 30_000]);
  expect(await hears(-5_000, order.reserved('SKU-A'), 30n)).toEqual(['reservation', 30_000]);
  expect(await hears(-5_000, order.reserved('SKU-B'), 40n)).toEqual(['confirmation', -5_000]);
});

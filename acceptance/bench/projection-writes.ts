import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { durationsOf, processSettings } from '@orders/process-managers/configuration.js';
import {
  type Projected,
  columnNames,
  columnParameters,
  columnsOf,
} from '@orders/process-managers/order-process/process-row.js';
import { type Tracked, ownEvent, track } from '@orders/process-managers/tracked.js';
import { changesOf } from '@orders/query-side/projector.js';
import { projectorsOf } from '@orders/query-side/read-models/definition.js';
import { readModels } from '@orders/query-side/read-models/read-models.js';
import { reduce } from '@orders/query-side/read-models/reduce.js';
import { statementsFor } from '@orders/query-side/read-models/statements.js';
import { z } from 'zod';

/** A statement with its rows, one array a column: ready to be sent. */
export interface Write {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rows: number;
}

/** What is written in one transaction. */
export type Transaction = readonly Write[];

/**
 * The read models' writes over a part of the log, as the projectors make them.
 * @param lastPositions of each transaction that our projection wrote it in
 */
export function readModelWrites(
  log: readonly RecordedEvent[],
  lastPositions: readonly bigint[],
): Transaction[] {
  const projectors = projectorsOf(readModels);
  let from = 0;
  return lastPositions.map((last) => {
    const found = log.findIndex(({ position }) => position > last);
    const to = found < 0 ? log.length : found;
    const events = log.slice(from, to);
    from = to;
    return statementsFor(reduce(changesOf(projectors, events))).map(({ text, values = [] }): Write => ({
      text,
      values,
      rows: rowsOf(values),
    }));
  });
}

/** As long as the order process' projection gathers rows before it writes them, in milliseconds. */
const GATHER_MS = 100;
/** Columns of the parameters that are no columns of the table: they decide about its timers. */
const NOT_STORED = ['not_before'];

const stored = columnNames.split(', ').filter((column) => !NOT_STORED.includes(column));
const UPSERT = `INSERT INTO processes (${stored.join(', ')})
  SELECT ${stored.join(', ')} FROM unnest(${columnParameters(1)}) AS v (${columnNames})
  ON CONFLICT (order_id) DO UPDATE SET ${stored.map((column) => `${column} = excluded.${column}`).join(', ')}`;

/** The rows of the processes over a part of the log: the last state of each, every 100 ms. */
export function processWrites(log: readonly RecordedEvent[]): Transaction[] {
  const durations = durationsOf(z.object(processSettings).parse({}));
  const known = new Map<string, Tracked>();
  const writes: Transaction[] = [];
  let gathered = new Map<string, Projected>();
  let until = 0;
  const flush = (): void => {
    const values = columnsOf(gathered.values(), durations);
    if (gathered.size > 0) writes.push([{ text: UPSERT, values, rows: rowsOf(values) }]);
    gathered = new Map();
  };
  for (const event of log.filter(({ streamId }) => streamId.startsWith('orderProcess-'))) {
    if (event.recordedAt.getTime() >= until) {
      flush();
      until = event.recordedAt.getTime() + GATHER_MS;
    }
    const tracked = track(known.get(event.streamId), ownEvent(event));
    known.set(event.streamId, tracked);
    gathered.set(event.streamId, { tracked, logAheadMs: 0 });
  }
  flush();
  return writes;
}

function rowsOf(values: readonly unknown[]): number {
  const [column] = values;
  return Array.isArray(column) ? column.length : 0;
}

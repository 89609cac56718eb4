import { later } from '@orders/shared-events/contracts/instants.js';
import { type Tracked, outstandingOf } from '../tracked.js';
import type { StageDurations } from './deadlines.js';
import { definitionOf } from './definitions.js';
import type { Running } from './order-process.js';
import { partitionOf } from './partition.js';

/** The columns of `processes` that follow from a process's stream, in the order of the upsert's parameters. */
const COLUMNS = [
  ['order_id', 'uuid'],
  ['partition', 'smallint'],
  ['definition', 'integer'],
  ['revision', 'bigint'],
  ['status', 'text'],
  ['stage', 'text'],
  ['stage_since', 'timestamptz'],
  ['undo_reason', 'text'],
  ['intervention', 'text'],
  ['pending', 'jsonb'],
  ['deferred', 'boolean'],
  ['paused', 'boolean'],
  ['not_before', 'timestamptz'],
  ['deadline_generation', 'integer'],
  ['next_deadline_at', 'timestamptz'],
  ['correlation_id', 'text'],
  ['causation_id', 'text'],
  ['traceparent', 'text'],
  ['heard_position', 'bigint'],
  ['started_at', 'timestamptz'],
] as const;
type Column = (typeof COLUMNS)[number][0];
type Row = Readonly<Record<Column, string | number | bigint | boolean | null>>;

/** A process as its row tells it. */
export interface Projected {
  readonly tracked: Tracked;
  /**
   * By how much the log's clock is ahead of the clock of whoever heard what began the stage. The instances' clocks may
   * differ; the log's is one for all, as Postgres' is.
   */
  readonly logAheadMs: number;
}

export type ProcessStatus = 'FULFILLING' | 'UNDOING' | 'DONE';

export const statusOf = ({ stage, undo }: Running): ProcessStatus =>
  stage === 'done' ? 'DONE' : undo ? 'UNDOING' : 'FULFILLING';

/** What counts from when the process heard something is told by the log's clock, and what the provider named as it is. */
function rowOf({ tracked, logAheadMs }: Projected, process: Running, durations: StageDurations): Row {
  const commands = outstandingOf(tracked);
  const deadline = definitionOf(process.definition).deadline(process, durations);
  const [pause] = commands.map(({ notBefore }) => notBefore ?? '').sort();
  const byLog = (instant: string): string => later(instant, logAheadMs);
  return {
    order_id: process.orderId,
    partition: partitionOf(process.orderId),
    definition: process.definition,
    revision: tracked.revision,
    status: statusOf(process),
    stage: process.stage,
    stage_since: process.stageSince,
    undo_reason: process.undo ?? null,
    intervention: process.intervention ?? null,
    pending: JSON.stringify(commands),
    deferred: process.payment.deferred,
    paused: process.paused,
    not_before: pause ? byLog(pause) : null,
    deadline_generation: deadline?.generation ?? null,
    next_deadline_at: deadline?.by === 'process' ? byLog(deadline.due) : (deadline?.due ?? null),
    correlation_id: tracked.origin.correlationId,
    causation_id: tracked.origin.causationId,
    traceparent: tracked.origin.traceparent ?? null,
    heard_position: process.heard,
    started_at: tracked.startedAt,
  };
}

/**
 * One array a column. A process of which nothing was heard yet has no row. In one order, so that two statements which
 * lock the same rows do not wait for each other.
 */
export function columnsOf(processes: Iterable<Projected>, durations: StageDurations): Row[Column][][] {
  const rows: Row[] = [];
  for (const projected of processes) {
    const { state } = projected.tracked;
    if (state.kind === 'running') rows.push(rowOf(projected, state, durations));
  }
  rows.sort((one, other) => (String(one.order_id) < String(other.order_id) ? -1 : 1));
  return COLUMNS.map(([column]) => rows.map((row) => row[column]));
}

/** Of the upsert: the parameters from `first` on, typed, and the names of the columns. */
export const columnNames: string = COLUMNS.map(([column]) => column).join(', ');
export const columnParameters = (first: number): string =>
  COLUMNS.map(([, type], index) => `$${first + index}::${type}[]`).join(', ');

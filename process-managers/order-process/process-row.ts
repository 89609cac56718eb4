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

export type ProcessStatus = 'FULFILLING' | 'UNDOING' | 'DONE';

export const statusOf = ({ stage, undo }: Running): ProcessStatus =>
  stage === 'done' ? 'DONE' : undo ? 'UNDOING' : 'FULFILLING';

function rowOf(tracked: Tracked, process: Running, durations: StageDurations): Row {
  const commands = outstandingOf(tracked);
  const deadline = definitionOf(process.definition).deadline(process, durations);
  const pauses = commands.map(({ notBefore }) => notBefore ?? '').sort();
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
    not_before: pauses[0] || null,
    deadline_generation: deadline?.generation ?? null,
    next_deadline_at: deadline?.due ?? null,
    correlation_id: tracked.origin.correlationId,
    causation_id: tracked.origin.causationId,
    traceparent: tracked.origin.traceparent ?? null,
    heard_position: process.heard,
    started_at: tracked.startedAt,
  };
}

/** One array a column. A process of which nothing was heard yet has no row. */
export function columnsOf(processes: Iterable<Tracked>, durations: StageDurations): Row[Column][][] {
  const rows: Row[] = [];
  for (const tracked of processes) {
    if (tracked.state.kind === 'running') rows.push(rowOf(tracked, tracked.state, durations));
  }
  return COLUMNS.map(([column]) => rows.map((row) => row[column]));
}

/** Of the upsert: the parameters from `first` on, typed, and the names of the columns. */
export const columnNames: string = COLUMNS.map(([column]) => column).join(', ');
export const columnParameters = (first: number): string =>
  COLUMNS.map(([, type], index) => `$${first + index}::${type}[]`).join(', ');

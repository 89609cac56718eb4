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
  ['resend_in', 'float8'],
  ['deadline_generation', 'integer'],
  ['deadline_in', 'float8'],
  ['deadline_at', 'timestamptz'],
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

/**
 * @param now by the clock of this instance, milliseconds since the epoch. What counts from when it heard something goes
 *   to Postgres as the milliseconds that are left: the two clocks may differ.
 */
function rowOf(tracked: Tracked, process: Running, durations: StageDurations, now: number): Row {
  const commands = outstandingOf(tracked);
  const deadline = definitionOf(process.definition).deadline(process, durations);
  const [pause] = commands.map(({ notBefore }) => notBefore ?? '').sort();
  const left = (until: string): number => Date.parse(until) - now;
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
    resend_in: pause ? left(pause) : null,
    deadline_generation: deadline?.generation ?? null,
    deadline_in: deadline?.by === 'process' ? left(deadline.due) : null,
    deadline_at: deadline?.by === 'provider' ? deadline.due : null,
    correlation_id: tracked.origin.correlationId,
    causation_id: tracked.origin.causationId,
    traceparent: tracked.origin.traceparent ?? null,
    heard_position: process.heard,
    started_at: tracked.startedAt,
  };
}

/** One array a column. A process of which nothing was heard yet has no row. @param now as for a row */
export function columnsOf(
  processes: Iterable<Tracked>,
  durations: StageDurations,
  now: number,
): Row[Column][][] {
  const rows: Row[] = [];
  for (const tracked of processes) {
    if (tracked.state.kind === 'running') rows.push(rowOf(tracked, tracked.state, durations, now));
  }
  return COLUMNS.map(([column]) => rows.map((row) => row[column]));
}

/** Of the upsert: the parameters from `first` on, typed, and the names of the columns. */
export const columnNames: string = COLUMNS.map(([column]) => column).join(', ');
export const columnParameters = (first: number): string =>
  COLUMNS.map(([, type], index) => `$${first + index}::${type}[]`).join(', ');

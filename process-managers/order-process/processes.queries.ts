import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';
import type { ProcessStatus } from './process-row.js';

export interface ProcessSummary {
  readonly orderId: OrderId;
  readonly definition: number;
  readonly status: ProcessStatus;
  readonly stage: ProcessStage | 'done';
  /** Instants in RFC 3339, with microseconds. */
  readonly stageSince: string;
  readonly undoReason: string | null;
  readonly intervention: string | null;
  readonly outstanding: number;
  readonly resends: number;
  readonly nextResendAt: string | null;
  readonly nextDeadlineAt: string | null;
  readonly correlationId: string;
  readonly startedAt: string;
}

export interface ProcessFilter {
  readonly state?: 'OPEN' | 'NEEDS_INTERVENTION' | ProcessStatus | undefined;
  readonly stage?: ProcessStage | 'done' | undefined;
  readonly olderThanSeconds?: number | undefined;
  readonly inStageForSeconds?: number | undefined;
  readonly oldestFirst?: boolean | undefined;
  /** Started at and order id of the last row of the page before. */
  readonly behind?: readonly [startedAt: string, orderId: string] | undefined;
}

const COLUMNS = `
  order_id AS "orderId", definition, status, stage, ${instant('stage_since', 'stageSince')},
  undo_reason AS "undoReason", intervention, jsonb_array_length(pending) AS outstanding, resends,
  ${instant('next_resend_at', 'nextResendAt')}, ${instant('next_deadline_at', 'nextDeadlineAt')},
  correlation_id AS "correlationId", ${instant('started_at', 'startedAt')}`;

const STATES: Readonly<Record<NonNullable<ProcessFilter['state']>, string>> = {
  OPEN: `status <> 'DONE'`,
  NEEDS_INTERVENTION: `status <> 'DONE' AND intervention IS NOT NULL`,
  FULFILLING: `status <> 'DONE' AND status = 'FULFILLING'`,
  UNDOING: `status <> 'DONE' AND status = 'UNDOING'`,
  DONE: `status = 'DONE'`,
};

/** What the projection of the processes tells. */
export class ProcessQueries {
  constructor(private readonly pool: Pool) {}

  /** One SQL text, and so one prepared statement, for each combination of filters. */
  async list(filter: ProcessFilter, limit: number): Promise<ProcessSummary[]> {
    const values: unknown[] = [limit];
    const conditions = conditionsOf(filter, (value) => `$${values.push(value)}`);
    const direction = filter.oldestFirst ? 'ASC' : 'DESC';
    const where =
      conditions.length > 0 ? `WHERE ${conditions.map(([, condition]) => condition).join(' AND ')}` : '';
    const name = ['processes-list', direction, ...conditions.map(([kind]) => kind)].join(' ');
    const text = `
      SELECT ${COLUMNS} FROM process_managers.processes ${where}
      ORDER BY started_at ${direction}, order_id ${direction} LIMIT $1`;
    return (await this.pool.query<ProcessSummary>({ name, text, values })).rows;
  }
}

/** What kind of condition it is, and its SQL. */
type Condition = readonly [kind: string, sql: string];

function conditionsOf(filter: ProcessFilter, parameter: (value: unknown) => string): Condition[] {
  const { state, stage, olderThanSeconds, inStageForSeconds, behind, oldestFirst } = filter;
  const before = (column: string, seconds: number) =>
    `${column} <= now() - ${parameter(seconds)}::float8 * interval '1 second'`;
  const conditions: Condition[] = [];
  if (state) conditions.push([state, STATES[state]]);
  if (stage) conditions.push(['stage', `stage = ${parameter(stage)}`]);
  if (olderThanSeconds) conditions.push(['age', before('started_at', olderThanSeconds)]);
  if (inStageForSeconds) conditions.push(['stage-age', before('stage_since', inStageForSeconds)]);
  if (behind) {
    const [startedAt, orderId] = behind.map(parameter);
    const key = `(${startedAt}::timestamptz, ${orderId}::uuid)`;
    conditions.push(['behind', `(started_at, order_id) ${oldestFirst ? '>' : '<'} ${key}`]);
  }
  return conditions;
}

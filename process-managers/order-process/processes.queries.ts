import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';
import { UNANSWERED_AFTER } from './explanation.js';
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
  readonly paused: boolean;
  readonly quarantined: boolean;
  readonly outstanding: number;
  readonly resends: number;
  readonly nextResendAt: string | null;
  readonly nextDeadlineAt: string | null;
  readonly correlationId: string;
  readonly startedAt: string;
}

export interface ProcessFilter {
  readonly state?:
    'OPEN' | 'NEEDS_INTERVENTION' | 'PAUSED' | 'QUARANTINED' | 'STUCK' | ProcessStatus | undefined;
  /** The beginning of an order id, or a correlation id. */
  readonly search?: string | undefined;
  readonly stage?: ProcessStage | 'done' | undefined;
  readonly olderThanSeconds?: number | undefined;
  readonly inStageForSeconds?: number | undefined;
  readonly oldestFirst?: boolean | undefined;
  /** Started at and order id of the last row of the page before. */
  readonly behind?: readonly [startedAt: string, orderId: string] | undefined;
}

const QUARANTINED =
  'EXISTS (SELECT FROM process_managers.quarantine AS q WHERE q.order_id = processes.order_id)';

const COLUMNS = `
  order_id AS "orderId", definition, status, stage, ${instant('stage_since', 'stageSince')},
  undo_reason AS "undoReason", intervention, paused, ${QUARANTINED} AS quarantined, jsonb_array_length(pending) AS outstanding, resends,
  ${instant('next_resend_at', 'nextResendAt')}, ${instant('next_deadline_at', 'nextDeadlineAt')},
  correlation_id AS "correlationId", ${instant('started_at', 'startedAt')}`;

const STATES: Readonly<Record<NonNullable<ProcessFilter['state']>, string>> = {
  OPEN: `status <> 'DONE'`,
  NEEDS_INTERVENTION: `status <> 'DONE' AND intervention IS NOT NULL`,
  PAUSED: `status <> 'DONE' AND paused`,
  QUARANTINED,
  /** It does not go on by itself, or nobody has answered it for long. */
  STUCK: `(${QUARANTINED} OR (status <> 'DONE' AND (intervention IS NOT NULL OR paused
    OR (pending <> '[]' AND resends >= ${UNANSWERED_AFTER}))))`,
  FULFILLING: `status <> 'DONE' AND status = 'FULFILLING'`,
  UNDOING: `status <> 'DONE' AND status = 'UNDOING'`,
  DONE: `status = 'DONE'`,
};

const OF_ORDER = {
  name: 'processes-of-order',
  text: `SELECT ${COLUMNS} FROM process_managers.processes WHERE order_id = $1`,
};

/** What the projection of the processes tells. */
export class ProcessQueries {
  constructor(private readonly pool: Pool) {}

  async ofOrder(orderId: OrderId): Promise<ProcessSummary | undefined> {
    return (await this.pool.query<ProcessSummary>({ ...OF_ORDER, values: [orderId] })).rows[0];
  }

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

/** As a range of ids, so that an index finds it. */
const ID_BEGINNING =
  /^[0-9a-f]{1,8}$|^[0-9a-f]{8}(-[0-9a-f]{0,4}){1,3}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{0,12}$/;
const [LOWEST, HIGHEST] = ['0', 'f'].map((digit) =>
  [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-'),
);

function searching(text: string, parameter: (value: unknown) => string): Condition {
  const beginning = text.toLowerCase();
  const correlation = `correlation_id = ${parameter(text)}`;
  if (!ID_BEGINNING.test(beginning)) return ['correlation', correlation];
  const [from, to] = [LOWEST, HIGHEST].map((id = '') => parameter(beginning + id.slice(beginning.length)));
  return ['search', `(${correlation} OR order_id BETWEEN ${from}::uuid AND ${to}::uuid)`];
}

/** What kind of condition it is, and its SQL. */
type Condition = readonly [kind: string, sql: string];

function conditionsOf(filter: ProcessFilter, parameter: (value: unknown) => string): Condition[] {
  const { state, search, stage, olderThanSeconds, inStageForSeconds, behind, oldestFirst } = filter;
  const before = (column: string, seconds: number) =>
    `${column} <= now() - ${parameter(seconds)}::float8 * interval '1 second'`;
  const conditions: Condition[] = [];
  if (state) conditions.push([state, STATES[state]]);
  if (search !== undefined) conditions.push(searching(search, parameter));
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

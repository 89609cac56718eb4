import type { Origin } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { Pool } from 'pg';
import type { Move } from '../checkpoints.js';
import { PROCESS_ACTOR } from '../tracked.js';
import type { StageDurations, StageVisit } from './deadlines.js';
import type { OutstandingCommand } from './outstanding.js';
import { type Projected, columnNames, columnParameters, columnsOf } from './process-row.js';

/** How long after it was sent, or sent again, a command is sent once more: doubling, up to `most`. Milliseconds. */
export interface ResendIntervals {
  readonly first: number;
  readonly most: number;
}

/** A deadline that was taken and came to nothing (its process was busy, the log away) comes up again after this. */
const DEADLINE_AGAIN = '5 seconds';
/** Taken at once, those whose turn came first; where fewer are, that was all. */
export const MOST_RESENDS = 200;
const MOST_DEADLINES = 200;

/**
 * Rows and checkpoint in one statement, hence in one transaction: the rows are written only if the checkpoint
 * moved. A row that is further than what is written stays as it is. Commands that are outstanding still keep
 * their turn; new ones were sent just now, or wait for the end of their pause.
 */
const STORE = {
  name: 'processes-store',
  text: `
    WITH moved AS (
      UPDATE process_managers.checkpoints
      SET position = $4, moved_at = now(),
          caught_up_at = coalesce(now() - $5::float8 * interval '1 millisecond', caught_up_at)
      WHERE name = $1 AND token = $2 AND position = $3
      RETURNING name
    ), stored AS (
      INSERT INTO process_managers.processes AS p (
        order_id, partition, definition, revision, status, stage, stage_since, undo_reason, intervention, pending,
        deferred, paused, next_resend_at, deadline_generation, next_deadline_at, correlation_id, causation_id, traceparent,
        heard_position, started_at)
      SELECT
        order_id, partition, definition, revision, status, stage, stage_since, undo_reason, intervention, pending,
        deferred, paused,
        CASE WHEN pending <> '[]' THEN coalesce(not_before, now() + $6::float8 * interval '1 millisecond') END,
        deadline_generation, next_deadline_at, correlation_id, causation_id, traceparent, heard_position, started_at
      FROM unnest(${columnParameters(7)}) AS v (${columnNames})
      WHERE EXISTS (SELECT FROM moved)
      ON CONFLICT (order_id) DO UPDATE SET
        definition = excluded.definition, revision = excluded.revision, status = excluded.status,
        stage = excluded.stage, stage_since = excluded.stage_since, undo_reason = excluded.undo_reason,
        intervention = excluded.intervention, pending = excluded.pending, deferred = excluded.deferred,
        paused = excluded.paused,
        resends = CASE WHEN p.pending = excluded.pending THEN p.resends ELSE 0 END,
        next_resend_at = CASE WHEN p.pending = excluded.pending THEN p.next_resend_at ELSE excluded.next_resend_at END,
        deadline_generation = excluded.deadline_generation, next_deadline_at = excluded.next_deadline_at,
        causation_id = excluded.causation_id, traceparent = excluded.traceparent,
        heard_position = excluded.heard_position, updated_at = now()
      WHERE p.revision < excluded.revision
    )
    SELECT count(*)::int AS moved FROM moved`,
};

/** An order in quarantine stops alone: nothing is asked for, and no deadline counts. */
const NOT_IN_QUARANTINE = `
    NOT EXISTS (SELECT FROM process_managers.quarantine AS q WHERE q.order_id = processes.order_id)`;

/** An instant as microseconds since the epoch: Postgres keeps no finer ones. */
const micros = (instant: string): string => `(extract(epoch FROM ${instant}) * 1000000)::bigint::text`;

/** Who waits longest for his next turn comes last, so those who were tried just now do. */
const takeResends = (condition: string, limit: string): string => `
    WITH due AS (
      SELECT order_id, next_resend_at AS due_at FROM process_managers.processes
      WHERE ${condition} AND partition = ANY($1::smallint[]) AND ${NOT_IN_QUARANTINE}
      ORDER BY next_resend_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    UPDATE process_managers.processes AS p
    SET resends = p.resends + 1,
        next_resend_at = now()
          + least($2::float8 * 2 ^ least(p.resends + 1, 16), $3::float8) * interval '1 millisecond'
    FROM due WHERE p.order_id = due.order_id
    RETURNING p.order_id, p.pending, p.correlation_id, p.causation_id, p.traceparent, ${micros('due.due_at')} AS due_at`;

const TAKE_RESENDS = {
  name: 'processes-take-resends',
  text: takeResends('next_resend_at <= now()', String(MOST_RESENDS)),
};
/**
 * The turn of what waits out a pause comes with its end, and of what waits for the payment provider by its own pace; the
 * pauses between repeats are no reason to wait.
 */
const BRING_FORWARD = {
  name: 'processes-bring-forward',
  text: `
    WITH outstanding AS (
      SELECT order_id FROM process_managers.processes
      WHERE next_resend_at > now() AND NOT deferred AND partition = ANY($1::smallint[])
        AND (resends > 0 OR pending @? '$[*] ? (!exists(@.notBefore))')
      ORDER BY order_id FOR UPDATE
    ), brought AS (
      UPDATE process_managers.processes AS p SET next_resend_at = now()
      FROM outstanding WHERE p.order_id = outstanding.order_id
    )
    SELECT ${micros('now()')} AS mark`,
};
const TAKE_DEFERRED = {
  name: 'processes-take-deferred',
  text: takeResends('deferred AND next_resend_at IS NOT NULL', '$4'),
};
const STILL_DEFERRED = {
  name: 'processes-still-deferred',
  text: 'SELECT order_id FROM process_managers.processes WHERE order_id = ANY($1::uuid[]) AND deferred',
};

const TAKE_DEADLINES = {
  name: 'processes-take-deadlines',
  text: `
    WITH due AS (
      SELECT order_id FROM process_managers.processes
      WHERE next_deadline_at <= now() AND partition = ANY($1::smallint[]) AND ${NOT_IN_QUARANTINE}
      ORDER BY next_deadline_at LIMIT ${MOST_DEADLINES} FOR UPDATE SKIP LOCKED
    )
    UPDATE process_managers.processes AS p SET next_deadline_at = now() + interval '${DEADLINE_AGAIN}'
    FROM due WHERE p.order_id = due.order_id
    RETURNING p.order_id, p.stage, p.deadline_generation, p.pending`,
};

interface ResendRow {
  readonly order_id: OrderId;
  readonly pending: readonly OutstandingCommand[];
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly traceparent: string | null;
  readonly due_at: string;
}

interface DeadlineRow {
  readonly order_id: OrderId;
  readonly stage: ProcessStage;
  readonly deadline_generation: number;
  readonly pending: readonly OutstandingCommand[];
}

export interface Resend {
  readonly orderId: OrderId;
  readonly commands: readonly OutstandingCommand[];
  readonly origin: Origin;
  /** When its turn came, by Postgres' clock: microseconds since the epoch. */
  readonly dueAt: bigint;
}

export interface DueDeadline {
  readonly orderId: OrderId;
  readonly visit: StageVisit;
  /** Ids of the commands that the process waits for. */
  readonly awaits: readonly string[];
}

/** The rows of the processes: what is due, by Postgres' clock, and for whom. */
export class ProcessesTable {
  constructor(
    private readonly pool: Pool,
    private readonly durations: StageDurations,
    private readonly resends: ResendIntervals,
  ) {}

  /** False where the checkpoint is not the holder's any more: nothing was written then. */
  async store(
    processes: Iterable<Projected>,
    { name, token, position, to, caughtUpFor }: Move,
  ): Promise<boolean> {
    const checkpoint = [name, token, position, to, caughtUpFor ?? null];
    const values = [...checkpoint, this.resends.first, ...columnsOf(processes, this.durations)];
    const { rows } = await this.pool.query<{ moved: number }>({ ...STORE, values });
    return rows[0]?.moved === 1;
  }

  /** Lets the turn of what is outstanding in these partitions come now, and answers with when that is; as `dueAt`. */
  async bringForward(partitions: readonly number[]): Promise<bigint> {
    const { rows } = await this.pool.query<{ mark: string }>({ ...BRING_FORWARD, values: [partitions] });
    return BigInt(rows[0]?.mark ?? 0);
  }

  /** Takes what is to be sent again; nobody else does until the next turn of each. */
  async takeResends(partitions: readonly number[]): Promise<Resend[]> {
    const values = [partitions, this.resends.first, this.resends.most];
    return (await this.pool.query<ResendRow>({ ...TAKE_RESENDS, values })).rows.map(resendIn);
  }

  /** Takes some that wait for a payment provider which could not be called, whether their turn has come or not. */
  async takeDeferred(partitions: readonly number[], most: number): Promise<Resend[]> {
    const values = [partitions, this.resends.first, this.resends.most, most];
    return (await this.pool.query<ResendRow>({ ...TAKE_DEFERRED, values })).rows.map(resendIn);
  }

  /** Those among them that go on waiting for it. */
  async stillDeferred(orderIds: readonly OrderId[]): Promise<OrderId[]> {
    const { rows } = await this.pool.query<Pick<ResendRow, 'order_id'>>({
      ...STILL_DEFERRED,
      values: [orderIds],
    });
    return rows.map(({ order_id }) => order_id);
  }

  async takeDeadlines(partitions: readonly number[]): Promise<DueDeadline[]> {
    const { rows } = await this.pool.query<DeadlineRow>({ ...TAKE_DEADLINES, values: [partitions] });
    return rows.map((row) => ({
      orderId: row.order_id,
      visit: { stage: row.stage, generation: row.deadline_generation },
      awaits: row.pending.map(({ commandId }) => commandId),
    }));
  }
}

const resendIn = (row: ResendRow): Resend => ({
  orderId: row.order_id,
  commands: row.pending,
  dueAt: BigInt(row.due_at),
  origin: {
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    actor: PROCESS_ACTOR,
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  },
});

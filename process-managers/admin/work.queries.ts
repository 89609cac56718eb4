import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';
import { READ_MODELS } from './proofs.queries.js';

export interface SubscriptionRow {
  readonly name: string;
  /** Null: nothing was dealt with yet. */
  readonly position: string | null;
  readonly log: string;
  readonly holder: string | null;
  readonly movedAt: string;
  /** When it was last known that nothing more was waiting. */
  readonly caughtUpAt: string | null;
  readonly secondsBehind: number | null;
}

export interface LeaseRow {
  readonly name: string;
  readonly holder: string | null;
  readonly token: string;
  readonly expiresAt: string | null;
  readonly expired: boolean;
}

const SUBSCRIPTIONS = {
  name: 'work-subscriptions',
  text: `
    SELECT c.name, nullif(c.position, -1)::text AS position, c.log,
      CASE WHEN l.expires_at > now() THEN l.holder END AS holder,
      ${instant('c.moved_at', 'movedAt')}, ${instant("nullif(c.caught_up_at, '-infinity')", 'caughtUpAt')},
      extract(epoch FROM now() - nullif(c.caught_up_at, '-infinity'))::float8 AS "secondsBehind"
    FROM process_managers.checkpoints AS c LEFT JOIN process_managers.leases AS l USING (name)
    ORDER BY c.name`,
};
/** Of the query side, in a schema of its own: there where both use one database. */
const READ_MODELS_EXIST = {
  name: 'work-read-models-exist',
  text: `SELECT to_regclass('read_models.builds') IS NOT NULL AS there`,
};
/** How long its rows have lacked something, only the query side knows. */
const READ_MODELS_POSITION = {
  name: 'work-read-models',
  text: `
    SELECT 'read-models' AS name, nullif(c.position, -1)::text AS position, c.log_identity AS log,
      CASE WHEN c.lease_until > now() THEN c.builder::text END AS holder, ${instant('c.updated_at', 'movedAt')},
      NULL AS "caughtUpAt", CASE WHEN c.position >= $1 THEN 0::float8 END AS "secondsBehind"
    FROM read_models.builds JOIN read_models.checkpoints AS c USING (build)
    WHERE contract = '${READ_MODELS}' AND state = 'live'`,
};
const LEASES = {
  name: 'work-leases',
  text: `
    SELECT name, holder, token::text AS token, ${instant("nullif(expires_at, '-infinity')", 'expiresAt')},
      expires_at <= now() AS expired
    FROM process_managers.leases ORDER BY name`,
};
const INSTANCES = {
  name: 'work-instances',
  text: `SELECT name, ${instant('seen_at', 'seenAt')} FROM process_managers.instances ORDER BY name`,
};

export const timerKinds = ['deadline', 'resend'] as const;
export type TimerKind = (typeof timerKinds)[number];

export interface TimerRow {
  readonly orderId: OrderId;
  readonly stage: string;
  readonly dueAt: string;
  readonly overdue: boolean;
  readonly resends: number;
}

const DUE_AT = { deadline: 'next_deadline_at', resend: 'next_resend_at' } as const;

/** Who does what, and how far it came. */
export class WorkQueries {
  constructor(private readonly pool: Pool) {}

  async subscriptions(): Promise<SubscriptionRow[]> {
    return (await this.pool.query<SubscriptionRow>(SUBSCRIPTIONS)).rows;
  }

  /** The projection of the read models that queries see; none where they are in another database. */
  async readModels(head: bigint): Promise<SubscriptionRow[]> {
    const { rows } = await this.pool.query<{ there: boolean }>(READ_MODELS_EXIST);
    if (!rows[0]?.there) return [];
    return (await this.pool.query<SubscriptionRow>({ ...READ_MODELS_POSITION, values: [head] })).rows;
  }

  async leases(): Promise<LeaseRow[]> {
    return (await this.pool.query<LeaseRow>(LEASES)).rows;
  }

  async instances(): Promise<{ readonly name: string; readonly seenAt: string }[]> {
    return (await this.pool.query<{ name: string; seenAt: string }>(INSTANCES)).rows;
  }

  /** The soonest first; none of an order in quarantine counts. One SQL text for each combination. @param behind when and of which order the last one is due */
  async timers(
    kind: TimerKind,
    {
      overdue,
      behind,
    }: { readonly overdue: boolean; readonly behind: readonly [string, string] | undefined },
    limit: number,
  ): Promise<TimerRow[]> {
    const dueAt = DUE_AT[kind];
    const name = ['work-timers', kind, ...(overdue ? ['overdue'] : []), ...(behind ? ['behind'] : [])].join(
      ' ',
    );
    const text = `
      SELECT order_id AS "orderId", stage, ${instant(dueAt, 'dueAt')}, ${dueAt} <= now() AS overdue, resends
      FROM process_managers.processes
      WHERE ${dueAt} IS NOT NULL AND NOT EXISTS (
          SELECT FROM process_managers.quarantine AS q WHERE q.order_id = processes.order_id
        ) ${overdue ? `AND ${dueAt} <= now()` : ''}
        ${behind ? `AND (${dueAt}, order_id) > ($2::timestamptz, $3::uuid)` : ''}
      ORDER BY ${dueAt}, order_id LIMIT $1`;
    return (await this.pool.query<TimerRow>({ name, text, values: [limit, ...(behind ?? [])] })).rows;
  }
}

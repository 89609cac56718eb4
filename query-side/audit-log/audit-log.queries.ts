import { Injectable } from '@nestjs/common';
import type { Actor } from '@orders/shared-events/contracts/envelope.js';
import { z } from 'zod';
import { ReadDatabase } from '../database/read-database.js';
import { type CursorKind, InstantKey, PositionKey } from '../paging/cursor.js';
import { type KeysetList, keysetPage, narrowing } from '../paging/keyset.js';
import { type Connection, type PageArguments, connection, pageRequest } from '../paging/page.js';

/** Each condition narrows; those that are missing do not. Instants in RFC 3339, `to` exclusive. */
export interface AuditLogFilter {
  readonly stream?: string | undefined;
  readonly type?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly actor?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** A row of the view `audit_log`. */
export interface AuditLogRow {
  readonly position: string;
  readonly eventId: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly actorKind: Actor['kind'];
  readonly actorSubject: string;
  readonly reason: string | null;
  readonly correlationId: string;
  readonly causationId: string;
  readonly commandId: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly data: object;
}

const entries = {
  select: `position::text AS position, event_id AS "eventId", stream_id AS stream, revision, event_type AS type,
    schema_version AS "schemaVersion", actor_kind AS "actorKind", actor_subject AS "actorSubject", reason,
    correlation_id AS "correlationId", causation_id AS "causationId", command_id AS "commandId",
    occurred_at AS "occurredAt", recorded_at AS "recordedAt", data`,
  from: 'read_v2.audit_log',
  direction: 'ASC',
} as const;

const inLogOrder: KeysetList = { ...entries, order: [{ column: 'audit_log.position', type: 'bigint' }] };
const logCursor: CursorKind<[position: string]> = { name: 'audit', keys: z.tuple([PositionKey]) };

/** A range of time in log order would read the log from its beginning, or sort all of the range. */
const inTimeOrder: KeysetList = {
  ...entries,
  order: [
    { column: 'occurred_at', type: 'timestamptz' },
    { column: 'audit_log.position', type: 'bigint' },
  ],
};
const timeCursor: CursorKind<[occurredAt: string, position: string]> = {
  name: 'audit-time',
  keys: z.tuple([InstantKey, PositionKey]),
};

const conditions = [
  ['stream', 'stream_id = ?'],
  ['type', 'event_type = ?'],
  ['correlationId', 'correlation_id = ?'],
  ['actor', 'actor_subject = ?'],
  ['from', 'occurred_at >= ?'],
  ['to', 'occurred_at < ?'],
] as const satisfies readonly (readonly [keyof AuditLogFilter, string])[];

@Injectable()
export class AuditLogQueries {
  constructor(private readonly database: ReadDatabase) {}

  /** Oldest first: in log order, or, within a range of time, by time. Throws InvalidPage or InvalidCursor. */
  page(filter: AuditLogFilter, args: PageArguments): Promise<Connection<AuditLogRow>> {
    return filter.from === undefined && filter.to === undefined
      ? this.#page(inLogOrder, logCursor, ({ position }) => [position], filter, args)
      : this.#page(
          inTimeOrder,
          timeCursor,
          ({ occurredAt, position }) => [occurredAt, position],
          filter,
          args,
        );
  }

  async #page<Keys extends readonly string[]>(
    list: KeysetList,
    cursor: CursorKind<Keys>,
    keysOf: (row: AuditLogRow) => Keys,
    filter: AuditLogFilter,
    args: PageArguments,
  ): Promise<Connection<AuditLogRow>> {
    const request = pageRequest(cursor, args);
    const rows = await this.database.rows<AuditLogRow>(
      keysetPage(list, narrowing(conditions, filter), request),
    );
    return connection(cursor, request, rows, keysOf);
  }
}

import { createHash } from 'node:crypto';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { SeenLetter } from '@orders/shared-events/contracts/deadLetters.events.js';
import { deathOf } from '@orders/shared-events/transport/death.js';
import type { Delivery } from '@orders/shared-events/transport/message-bus.js';
import { asText } from '@orders/shared-events/transport/storable.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';
import { asKeptHeaders } from './kept-headers.js';
import type { KeptLetter } from './requeue.js';

/** A message that came to nothing, with why. */
export interface DeadLetter {
  readonly id: string;
  /**
   * `unknown correlation`: an event in the log that belongs to nothing known; see parking. `not translated`: one that the
   * outside was to be told of, and that cannot be read.
   */
  readonly origin: 'queue' | 'unknown correlation' | 'not translated';
  /** `log` for an event that belongs to nothing known, `integration-events` for one that could not be told. */
  readonly queue: string;
  readonly type: string | null;
  readonly routingKey: string;
  readonly reason: string;
  /** Of the delivery that it died in, by our own count. */
  readonly attempts: number;
  /** How often this message died: a sender that goes on sending makes it die again. */
  readonly times: number;
  readonly firstFailureAt: string;
  readonly lastFailureAt: string;
  readonly receivedAt: string;
  /** open: nobody has decided yet; one that dies again is open again. */
  readonly state: DeadLetterState;
  /** Rises with everything that happens to it. */
  readonly version: number;
}

export const deadLetterStates = ['open', 'requeued', 'discarded'] as const;
export type DeadLetterState = (typeof deadLetterStates)[number];

export interface DeadLetterFilter {
  readonly state?: DeadLetterState | undefined;
  readonly queue?: string | undefined;
  readonly type?: string | undefined;
  readonly origin?: DeadLetter['origin'] | undefined;
  /** A part of the reason, in any case. */
  readonly reasonContains?: string | undefined;
}

export interface DeadLetterWithContent extends DeadLetter {
  readonly headers: Readonly<Record<string, unknown>>;
  /** As it was sent; JSON where it was JSON. */
  readonly content: unknown;
}

/** Where a page ends: the next one begins behind it. */
export interface DeadLetterCursor {
  readonly receivedAt: string;
  readonly id: string;
}

/**
 * A death is told from another by its time. One that tells none is a repeat where it was delivered before ($11) and has
 * the content that is kept. What this cannot tell from a repeat: the same message, put there by hand once more, whose
 * first delivery broke off before it was stored.
 */
const STORE = {
  name: 'dead-letters-store',
  text: `
    INSERT INTO process_managers.dead_letters AS d
      (queue, message_key, type, routing_key, reason, attempts, headers, content, first_failure_at, last_failure_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (queue, message_key) DO UPDATE SET
      reason = excluded.reason, attempts = excluded.attempts, headers = excluded.headers,
      content = excluded.content, times = d.times + 1, last_failure_at = excluded.last_failure_at,
      state = 'open', version = d.version + 1, settled_at = NULL
    WHERE d.last_failure_at < excluded.last_failure_at AND NOT ($11 AND d.content = excluded.content)`,
};

const KEEP_UNTOLD = {
  name: 'dead-letters-keep-untold',
  text: `
    INSERT INTO process_managers.dead_letters
      (origin, queue, message_key, type, routing_key, reason, attempts, headers, content, first_failure_at, last_failure_at)
    VALUES ('not translated', 'integration-events', $1, $2, $3, $4, 1, '{}', convert_to($5, 'UTF8'), now(), now())
    ON CONFLICT (queue, message_key) DO NOTHING`,
};

const SUMMARY = `
  id, origin, queue, type, routing_key AS "routingKey", reason, attempts, times, state, version,
  ${instant('first_failure_at', 'firstFailureAt')}, ${instant('last_failure_at', 'lastFailureAt')},
  ${instant('received_at', 'receivedAt')}`;

const SHOW = {
  name: 'dead-letters-show',
  text: `SELECT ${SUMMARY}, headers, content FROM process_managers.dead_letters WHERE id = $1`,
};

const KEPT = {
  name: 'dead-letters-kept',
  text: `
    SELECT id, origin, queue, message_key AS "messageKey", type, headers, content, state, version
    FROM process_managers.dead_letters WHERE id = ANY($1::uuid[])`,
};
const SETTLE = {
  name: 'dead-letters-settle',
  text: `
    UPDATE process_managers.dead_letters SET state = $3, version = version + 1, settled_at = now()
    WHERE id = $1 AND version = $2 AND state = 'open'`,
};
const KEEP_EDIT = {
  name: 'dead-letters-keep-edit',
  text: `
    INSERT INTO process_managers.dead_letter_edits (request_id, sha256, content) VALUES ($1, $2, $3)
    ON CONFLICT (request_id, sha256) DO NOTHING`,
};
const EDIT_OF = {
  name: 'dead-letters-edit-of',
  text: `
    SELECT content FROM process_managers.dead_letter_edits
    WHERE request_id = $1 AND ($2::text IS NULL OR sha256 = $2)`,
};

/** What kind of condition it is, and its SQL. */
type Condition = readonly [kind: string, sql: string];

function conditionsOf(
  { state, queue, type, origin, reasonContains }: DeadLetterFilter,
  behind: DeadLetterCursor | undefined,
  parameter: (value: unknown) => string,
): Condition[] {
  const equals = { state, queue, type, origin };
  const conditions = Object.entries(equals).flatMap(([column, value]): Condition[] =>
    value === undefined ? [] : [[column, `${column} = ${parameter(value)}`]],
  );
  if (reasonContains !== undefined)
    conditions.push(['reason', `position(lower(${parameter(reasonContains)}) IN lower(reason)) > 0`]);
  if (behind) {
    const key = `(${parameter(behind.receivedAt)}::timestamptz, ${parameter(behind.id)}::uuid)`;
    conditions.push(['behind', `(received_at, id) < ${key}`]);
  }
  return conditions;
}

/** Dead letters in Postgres, where they can be looked at without taking them from anybody. */
export class DeadLetters {
  constructor(private readonly pool: Pool) {}

  /** Stores a message that died, once for each time that it did; a delivery that is repeated changes nothing. */
  async store(queue: string, delivery: Delivery): Promise<void> {
    const { messageId, type, headers, raw } = delivery;
    const death = deathOf(delivery, queue, new Date().toISOString());
    const values = [
      queue,
      messageId ? asText(messageId) : digestOf(raw),
      type === undefined ? null : asText(type),
      asText(death.routingKey),
      asText(death.reason),
      Math.min(death.attempts, MAX_INTEGER),
      asKeptHeaders(headers),
      raw,
      death.firstFailureAt,
      death.lastFailureAt,
      death.mayBeKnown,
    ];
    await this.pool.query({ ...STORE, values });
  }

  /** Stores an event that the outside was to be told of; one that is kept already stays as it is. */
  async keepUntold(event: RecordedEvent, reason: string): Promise<void> {
    const { position, type, streamId } = event;
    const values = [String(position), asText(type), asText(streamId), asText(reason), asKept(event)];
    await this.pool.query({ ...KEEP_UNTOLD, values });
  }

  /** Newest first. One SQL text, and so one prepared statement, for each combination of filters. */
  async list(
    limit: number,
    behind: DeadLetterCursor | undefined,
    filter: DeadLetterFilter = {},
  ): Promise<DeadLetter[]> {
    const values: unknown[] = [limit];
    const conditions = conditionsOf(filter, behind, (value) => `$${values.push(value)}`);
    const where = conditions.length > 0 ? `WHERE ${conditions.map(([, sql]) => sql).join(' AND ')}` : '';
    const name = ['dead-letters-list', ...conditions.map(([kind]) => kind)].join(' ');
    const text = `
      SELECT ${SUMMARY} FROM process_managers.dead_letters ${where}
      ORDER BY received_at DESC, id DESC LIMIT $1`;
    return (await this.pool.query<DeadLetter>({ name, text, values })).rows;
  }

  /** As they were kept, those of them that there are. */
  async kept(ids: readonly string[]): Promise<(KeptLetter & Pick<DeadLetter, 'state' | 'version'>)[]> {
    return (
      await this.pool.query<KeptLetter & Pick<DeadLetter, 'state' | 'version'>>({ ...KEPT, values: [ids] })
    ).rows;
  }

  /** What became of one, unless something else has happened to it since that version. */
  async settle({ id, version }: SeenLetter, state: Exclude<DeadLetterState, 'open'>): Promise<void> {
    await this.pool.query({ ...SETTLE, values: [id, version, state] });
  }

  /**
   * Keeps what letters are to be sent with; a repeat changes nothing. Which content of a request it is that counts, the
   * event says: one that was never recorded may have kept another.
   */
  async keepEdit(requestId: string, content: Buffer): Promise<void> {
    await this.pool.query({ ...KEEP_EDIT, values: [requestId, digestOf(content), content] });
  }

  /** @param sha256 of the content; undefined for an event that does not say, of whose request there is one */
  async editOf(requestId: string, sha256: string | undefined): Promise<Buffer | undefined> {
    const values = [requestId, sha256];
    return (await this.pool.query<{ content: Buffer }>({ ...EDIT_OF, values })).rows[0]?.content;
  }

  async show(id: string): Promise<DeadLetterWithContent | undefined> {
    const { rows } = await this.pool.query<DeadLetterWithContent & { content: Buffer }>({
      ...SHOW,
      values: [id],
    });
    return rows[0] && { ...rows[0], content: readable(rows[0].content) };
  }
}

export const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Of Postgres. */
const MAX_INTEGER = 2_147_483_647;

/**
 * For `JSON.stringify`, which comes by every level itself: what Postgres can keep of a value. What it cannot keep would
 * come again for ever.
 */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return asText(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [asText(key), inner]));
}

/** What is kept of an event beside the log, as JSON. */
export const asKept = ({ id, type, streamId: stream, data, metadata }: RecordedEvent): string =>
  JSON.stringify({ id, type, stream, data, metadata }, (_name, value: unknown) => storable(value));

function readable(content: Buffer): unknown {
  const written = content.toString('utf8');
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}

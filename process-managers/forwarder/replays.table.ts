import type { ForwarderReplayEvent } from '@orders/shared-events/contracts/forwarderReplay.events.js';
import { asText } from '@orders/shared-events/transport/storable.js';
import type { Pool } from 'pg';
import { instant } from '../postgres.js';

type Asked = Extract<ForwarderReplayEvent, { type: 'ForwarderReplayRequested' }>['data'];

/** A replay of integration events, and how far it has come. */
export interface Replay {
  readonly id: string;
  readonly state: 'running' | 'done' | 'stopped';
  readonly stretch: Pick<Asked, 'from' | 'upTo'>;
  readonly routingKeys: readonly string[];
  readonly reason: string;
  /** Of the last event in the log that was considered, in decimal; null before the first. */
  readonly position: string | null;
  readonly sent: number;
  readonly requestedAt: string;
  readonly endedAt: string | null;
}

/** One that is there already goes on from where it was. */
const BEGIN = {
  name: 'forwarder-replays-begin',
  text: `
    INSERT INTO process_managers.forwarder_replays (id, state, stretch, routing_keys, reason, requested_at)
    VALUES ($1, 'running', $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
};
const ADVANCE = {
  name: 'forwarder-replays-advance',
  text: `
    UPDATE process_managers.forwarder_replays SET position = $2, sent = sent + $3
    WHERE id = $1 AND state = 'running' AND position < $2
    RETURNING id`,
};
const END = {
  name: 'forwarder-replays-end',
  text: `
    UPDATE process_managers.forwarder_replays SET state = $2, ended_at = now() WHERE id = $1 AND state = 'running'`,
};
const COLUMNS = `
  id, state, stretch, routing_keys AS "routingKeys", reason, nullif(position, -1)::text AS position,
  sent::float8 AS sent, ${instant('requested_at', 'requestedAt')}, ${instant('ended_at', 'endedAt')}`;
const ONE = {
  name: 'forwarder-replays-one',
  text: `SELECT ${COLUMNS} FROM process_managers.forwarder_replays WHERE id = $1`,
};
const LIST = {
  name: 'forwarder-replays-list',
  text: `SELECT ${COLUMNS} FROM process_managers.forwarder_replays ORDER BY requested_at DESC, id DESC LIMIT $1`,
};
const LIST_BEHIND = {
  name: 'forwarder-replays-list-behind',
  text: `
    SELECT ${COLUMNS} FROM process_managers.forwarder_replays WHERE (requested_at, id) < ($2, $3)
    ORDER BY requested_at DESC, id DESC LIMIT $1`,
};

export class ReplaysTable {
  constructor(private readonly pool: Pool) {}

  async begin(
    { replayId, from, upTo, routingKeys }: Asked,
    reason: string,
    requestedAt: string,
  ): Promise<void> {
    const values = [replayId, JSON.stringify({ from, upTo }), routingKeys, asText(reason), requestedAt];
    await this.pool.query({ ...BEGIN, values });
  }

  /** False where it was stopped: nothing more is to be sent. */
  async advance(id: string, position: bigint, sent: number): Promise<boolean> {
    return (await this.pool.query({ ...ADVANCE, values: [id, position, sent] })).rowCount === 1;
  }

  async end(id: string, state: 'done' | 'stopped'): Promise<void> {
    await this.pool.query({ ...END, values: [id, state] });
  }

  async one(id: string): Promise<Replay | undefined> {
    return (await this.pool.query<Replay>({ ...ONE, values: [id] })).rows[0];
  }

  /** Newest first. @param behind when it was requested, and its id: the last one of the page before */
  async list(limit: number, behind: readonly [string, string] | undefined): Promise<Replay[]> {
    const query = behind ? { ...LIST_BEHIND, values: [limit, ...behind] } : { ...LIST, values: [limit] };
    return (await this.pool.query<Replay>(query)).rows;
  }
}

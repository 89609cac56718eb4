import type { Pool } from 'pg';

/** The position before the log's first event: nothing was dealt with. */
export const BEGINNING = -1n;

/** The checkpoint belongs to another log: the event store was reset or replaced under a kept database. */
export class OtherLog extends Error {
  override readonly name = 'OtherLog';
}

/** A checkpoint in the hands of the one who may move it. */
export interface Claim {
  readonly name: string;
  readonly token: bigint;
  readonly position: bigint;
}

export interface Move extends Claim {
  readonly to: bigint;
  /** Milliseconds since nothing more was waiting; undefined while something is. */
  readonly caughtUpFor: number | undefined;
}

const SEED = {
  name: 'checkpoints-seed',
  text: `
    INSERT INTO process_managers.checkpoints (name, log)
    SELECT name, $2 FROM unnest($1::text[]) AS name
    ON CONFLICT (name) DO NOTHING`,
};
const FOREIGN = {
  name: 'checkpoints-foreign',
  text: 'SELECT name FROM process_managers.checkpoints WHERE name = ANY($1) AND log <> $2 LIMIT 1',
};
const CLAIM = {
  name: 'checkpoints-claim',
  text: `
    UPDATE process_managers.checkpoints AS c SET token = v.token
    FROM unnest($1::text[], $2::bigint[]) AS v (name, token)
    WHERE c.name = v.name AND c.token < v.token
    RETURNING c.name, c.token, c.position`,
};
/** The compare-and-set of every checkpoint: on the position that was read and on the holder's token. */
const MOVE = {
  name: 'checkpoints-move',
  text: `
    UPDATE process_managers.checkpoints AS c
    SET position = v.moved, moved_at = now(),
        caught_up_at = coalesce(now() - v.idle * interval '1 millisecond', c.caught_up_at)
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::float8[])
      AS v (name, token, position, moved, idle)
    WHERE c.name = v.name AND c.token = v.token AND c.position = v.position
    RETURNING c.name`,
};

const HELD = {
  name: 'checkpoints-held',
  text: `
    SELECT c.name, c.token, c.position FROM process_managers.checkpoints AS c
    JOIN unnest($1::text[], $2::bigint[]) AS v (name, token) ON c.name = v.name AND c.token = v.token`,
};

interface Row {
  readonly name: string;
  readonly token: string;
  readonly position: string;
}

/** How far the log was dealt with, in Postgres. */
export class Checkpoints {
  constructor(private readonly pool: Pool) {}

  /** Makes the missing ones. Throws OtherLog when one was made from another log than `log`. */
  async seed(names: readonly string[], log: string): Promise<void> {
    await this.pool.query({ ...SEED, values: [names, log] });
    const { rows } = await this.pool.query<{ name: string }>({ ...FOREIGN, values: [names, log] });
    if (rows[0]) {
      throw new OtherLog(
        `checkpoint ${rows[0].name} belongs to another event log than the one that EVENTSTORE_URL names`,
      );
    }
  }

  /** Takes checkpoints over with the tokens of their leases; one whose token is already higher is left out. */
  async claim(leases: readonly { readonly name: string; readonly token: bigint }[]): Promise<Claim[]> {
    return this.#claims(CLAIM, leases);
  }

  /** Those that are still held with these tokens, as they stand: after a move whose outcome is not known. */
  async held(claims: readonly Pick<Claim, 'name' | 'token'>[]): Promise<Claim[]> {
    return this.#claims(HELD, claims);
  }

  /** Moves them. Answers with the names that moved; each of the others is somebody else's by now. */
  async move(moves: readonly Move[]): Promise<ReadonlySet<string>> {
    if (moves.length === 0) return new Set();
    const values = [
      moves.map(({ name }) => name),
      moves.map(({ token }) => token),
      moves.map(({ position }) => position),
      moves.map(({ to }) => to),
      moves.map(({ caughtUpFor }) => caughtUpFor ?? null),
    ];
    const { rows } = await this.pool.query<{ name: string }>({ ...MOVE, values });
    return new Set(rows.map(({ name }) => name));
  }

  async #claims(
    statement: { readonly name: string; readonly text: string },
    tokens: readonly Pick<Claim, 'name' | 'token'>[],
  ): Promise<Claim[]> {
    if (tokens.length === 0) return [];
    const values = [tokens.map(({ name }) => name), tokens.map(({ token }) => token)];
    const { rows } = await this.pool.query<Row>({ ...statement, values });
    return rows.map(({ name, token, position }) => ({
      name,
      token: BigInt(token),
      position: BigInt(position),
    }));
  }
}

import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type Queryable, inTransaction } from './database/database.js';
import type { Statement } from './database/statement.js';
import { CHANNEL } from './feed/announcement.js';
import { type Projector, changesOf } from './projector.js';
import { reduce } from './read-models/reduce.js';
import { statementsFor } from './read-models/statements.js';

/** Events in log order, and up to where the log was considered. */
export interface Batch {
  readonly events: readonly RecordedEvent[];
  readonly position: bigint;
}

/** The build's checkpoint is not where this builder left it: another builder writes it now. Nothing was written. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

export interface WriterOptions {
  readonly build: string;
  /** Who holds the build's lease. */
  readonly builder: string;
  /** Of the checkpoint; -1n before the first event. */
  readonly position: bigint;
  readonly projectors: readonly Projector[];
  /** Tells readers of each batch: not while nobody can read the build yet. */
  readonly announces: boolean;
}

/**
 * Projects batches of events into one build, each exactly once: a batch's rows and the checkpoint commit in one
 * transaction, and the checkpoint moves only from the position and under the builder that this writer knows. The
 * connection is the writer's alone. After an error it must be ended, and the checkpoint read again: whether a
 * COMMIT whose answer was lost took effect, only the checkpoint can tell.
 */
export class BuildWriter {
  #position: bigint;
  readonly #names = new Map<string, string>();

  private constructor(
    private readonly client: Queryable,
    private readonly options: WriterOptions,
  ) {
    this.#position = options.position;
  }

  static async open(client: Queryable, options: WriterOptions): Promise<BuildWriter> {
    await client.query({ text: `SET search_path TO ${options.build}` });
    return new BuildWriter(client, options);
  }

  /** Everything in the log up to here is in the rows. */
  get position(): bigint {
    return this.#position;
  }

  /**
   * Throws Superseded, NotCommitted, UnreadableEvent or the driver's error, with nothing of the batch written
   * unless the outcome of the COMMIT itself is unknown. What the writer has done already is passed over.
   */
  async write({ events, position }: Batch): Promise<void> {
    if (position <= this.#position) return;
    const changes = reduce(changesOf(this.options.projectors, events));
    const statements = statementsFor(changes);
    await inTransaction(this.client, async () => {
      // First, so that a builder that was superseded finds out before it has locked a row.
      await this.#moveCheckpoint(position);
      for (const statement of statements) await this.client.query(this.#prepared(statement));
    });
    this.#position = position;
  }

  async #moveCheckpoint(position: bigint): Promise<void> {
    const { build, builder, announces } = this.options;
    const announcement = { kind: 'advanced', build, position: position.toString() };
    const { rowCount } = await this.client.query({
      name: 'move_checkpoint',
      text: `WITH moved AS (
               UPDATE read_models.checkpoints SET position = $4, updated_at = now()
               WHERE build = $1 AND builder = $2 AND position = $3 RETURNING build
             )
             SELECT CASE WHEN $5 THEN pg_notify($6, $7) END FROM moved`,
      values: [build, builder, this.#position, position, announces, CHANNEL, JSON.stringify(announcement)],
    });
    if (rowCount !== 1) throw new Superseded(`${build} is no longer at ${this.#position} under this builder`);
  }

  /** Postgres prepares each text once a connection, under a name that fits its 63 bytes. */
  #prepared(statement: Statement): Statement {
    const name = this.#names.get(statement.text) ?? `write_${this.#names.size}`;
    this.#names.set(statement.text, name);
    return { ...statement, name };
  }
}

/** Projects batches as they come until they end. */
export async function project(
  batches: AsyncIterable<Batch>,
  writer: Pick<BuildWriter, 'write'>,
): Promise<void> {
  for await (const batch of batches) await writer.write(batch);
}

import type { ProcessesTable } from './processes.table.js';

/** Everything at once, and again while a server comes and goes, would be what keeps it away. */
const BRING_FORWARD_EVERY_MS = 10_000;

/** The partitions that are held, with the token of each hold. */
export type Holds = ReadonlyMap<number, bigint>;

interface Asked {
  readonly token: bigint;
  /** Whose turn came up to then was outstanding when it began; by the table's clock. */
  readonly mark: bigint;
  /** Infinity while not all of that is sent. */
  readonly since: number;
}

/**
 * Since when everything outstanding of a partition has been sent again, after others could not be asked or heard, or
 * the partition was gained. Times are of the monotonic clock, in milliseconds.
 */
export class AskedAnew {
  readonly #asked = new Map<number, Asked>();
  #broughtForwardAt = -Infinity;
  /** Of what was forgotten: how often. */
  #generation = 0;

  constructor(private readonly table: Pick<ProcessesTable, 'bringForward'>) {}

  /** Others cannot be asked, or not heard: what is outstanding now is to be sent again later. */
  forget(): void {
    this.#generation += 1;
    this.#asked.clear();
  }

  /** Lets the turn come of everything outstanding in the partitions that are new here, or were forgotten. */
  async bringForward(holds: Holds, now: number): Promise<void> {
    const others = [...holds].filter(([partition, token]) => this.#asked.get(partition)?.token !== token);
    if (others.length === 0 || now - this.#broughtForwardAt < BRING_FORWARD_EVERY_MS) return;
    const generation = this.#generation;
    const mark = await this.table.bringForward(others.map(([partition]) => partition));
    if (generation !== this.#generation) return;
    this.#broughtForwardAt = now;
    for (const [partition, token] of others) this.#asked.set(partition, { token, mark, since: Infinity });
  }

  /**
   * Nothing is left whose turn came before that. What comes meanwhile is asked for as it comes, and does not keep what was
   * there from being all.
   *
   * @param before by the table's clock; undefined: nothing at all is left
   */
  sentBefore(before: bigint | undefined, now: number): void {
    for (const [partition, asked] of this.#asked)
      if (asked.since === Infinity && (before === undefined || asked.mark < before))
        this.#asked.set(partition, { ...asked, since: now });
  }

  /** Whether whoever was asked has had so long to answer. */
  hasBeenFor(partition: number, token: bigint | undefined, ms: number, now: number): boolean {
    const asked = this.#asked.get(partition);
    return asked !== undefined && asked.token === token && now - asked.since >= ms;
  }
}

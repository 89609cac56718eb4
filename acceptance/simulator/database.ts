import type { Pool, QueryConfig } from 'pg';
import type { Life, Network } from './life.js';
import { checkpointStatements } from './checkpoints.statements.js';
import { leaseStatements } from './leases.statements.js';
import { parkedStatements } from './parked.statements.js';
import { processStatements } from './processes.statements.js';

/** The rows that a statement answers with. Each is atomic, as in Postgres each statement by itself is. */
export type Statement = (values: readonly unknown[]) => readonly object[];
export type Statements = Readonly<Record<string, Statement>>;

/** The clock of the database, in milliseconds since the epoch, and its chance. */
export interface DatabaseParts {
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * The process managers' tables. Their statements are known by their names, and do here what their SQL does in Postgres:
 * `database.spec.ts` holds one against the other.
 */
export class Database {
  readonly processes;
  readonly quarantine;
  readonly deadLetters;
  readonly parked;
  /** When the deadline of a visit was first taken for due; Infinity where it never was. */
  readonly dueAt;
  readonly #statements: ReadonlyMap<string, Statement>;

  constructor(parts: DatabaseParts) {
    const { checkpoints, ...checkpoint } = checkpointStatements(parts);
    const processes = processStatements(parts, checkpoints);
    this.processes = processes.rows;
    this.quarantine = processes.quarantine;
    this.deadLetters = processes.deadLetters;
    this.dueAt = processes.dueAt;
    const parked = parkedStatements(parts, (reason) =>
      this.deadLetters.push({ queue: 'log', type: undefined, reason }),
    );
    this.parked = parked.rows;
    const all = [leaseStatements(parts), checkpoint.statements, processes.statements, parked.statements];
    this.#statements = new Map(all.flatMap((statements) => Object.entries(statements)));
  }

  run(name: string, values: readonly unknown[]): readonly object[] {
    const statement = this.#statements.get(name);
    if (!statement) throw new Error(`the statement ${name} is not simulated`);
    return statement(values);
  }
}

/** SQLSTATE 57P01, admin shutdown. */
const terminated = (): Error =>
  Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });

/** One process's connections to it. Where nothing goes wrong a statement takes no time. */
export class SimulatedPool {
  /** What each statement is called here. Statements are most of what is asked: their names are not put together again. */
  readonly #subjects = new Map<string, string>();

  constructor(
    private readonly parts: { readonly database: Database; readonly network: Network },
    private readonly life: Life,
  ) {}

  /** As the driver's own type, of which this has the part that is used. */
  get asDriver(): Pool {
    return this as unknown as Pool;
  }

  query({ name = '', values = [] }: QueryConfig): Promise<{ readonly rows: readonly object[] }> {
    const { database, network } = this.parts;
    const run = () => ({ rows: database.run(name, values) });
    return network.ask(this.life, 'query', this.#subject(name), run, terminated);
  }

  #subject(name: string): string {
    const known = this.#subjects.get(name);
    if (known !== undefined) return known;
    const subject = `${name} of ${this.life.name}`;
    this.#subjects.set(name, subject);
    return subject;
  }
}

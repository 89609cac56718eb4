/** A statement as `pg` takes it. A name makes Postgres prepare the text once a connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

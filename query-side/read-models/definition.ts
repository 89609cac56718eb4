import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Projector } from '../projector.js';

/** One feature's read models: who fills them, and the SQL that makes them. */
export interface ReadModel {
  readonly projector: Projector;
  /** Creates the tables in the schema that comes first on the search_path. */
  readonly tables: string;
  /** Creates what only reading needs; a rebuild runs it after the rows are there. */
  readonly indexes: string;
  /** Creates the views in the schema that comes first on the search_path, over the tables of schema `build`. */
  readonly views: string;
}

/** All read models behind one contract. */
export interface Definition {
  /** Schema of the views that queries read, e.g. `read_v2`. A change that breaks its readers makes a new one. */
  readonly contract: string;
  readonly readModels: readonly ReadModel[];
  /** Of the SQL and the projectors' versions: builds of one hash hold the same rows at the same position. */
  readonly hash: string;
}

export function define(contract: string, readModels: readonly ReadModel[]): Definition {
  const hash = createHash('sha256').update(contract);
  for (const { projector, tables, indexes, views } of readModels) {
    hash.update(JSON.stringify([projector.name, projector.version, tables, indexes, views]));
  }
  return { contract, readModels, hash: hash.digest('hex').slice(0, 8) };
}

export const projectorsOf = ({ readModels }: Definition): readonly Projector[] =>
  readModels.map(({ projector }) => projector);

/** The `.sql` file of that name beside the module. */
export const sql = (file: string, module: string): string => readFileSync(new URL(file, module), 'utf8');

import type { Change, Table, Value } from './table.js';

export class ContradictoryChanges extends Error {
  override readonly name = 'ContradictoryChanges';
}

/**
 * The changes of a batch as at most one change a row, in the order in which the rows were first touched: a later
 * value wins, increments add up. Applying the result has the effect of applying all changes one after another.
 * Throws ContradictoryChanges where a row is made twice, or a table's rows are both updated and upserted.
 */
export function reduce(changes: Iterable<Change>): readonly Change[] {
  const byTable = new Map<Table, Map<string, Change>>();
  for (const change of changes) {
    const rows = byTable.get(change.table) ?? new Map<string, Change>();
    byTable.set(change.table, rows);
    const key = Object.values(change.key).join('\u0000');
    const earlier = rows.get(key);
    rows.set(key, earlier ? merge(earlier, change) : change);
  }
  return [...byTable.values()].flatMap((rows) => [...rows.values()]);
}

function merge(earlier: Change, later: Change): Change {
  switch (`${earlier.kind}, ${later.kind}` as const) {
    case 'insert, update':
    case 'update, update':
    case 'upsert, upsert':
      return combine(earlier, later);
    case 'update, insert':
      // What is inserted did not exist, so the update before it changed nothing.
      return later;
    case 'insert, insert':
    case 'insert, upsert':
    case 'update, upsert':
    case 'upsert, insert':
    case 'upsert, update':
      throw new ContradictoryChanges(
        `${earlier.kind} and ${later.kind} of one row of ${later.table.name}: ${Object.values(later.key).join(', ')}`,
      );
  }
}

function combine(earlier: Change, later: Change): Change {
  const set: Record<string, Value> = { ...earlier.set, ...later.set };
  const add: Record<string, number> = {};
  for (const [column, amount] of Object.entries(earlier.add)) {
    if (!(column in later.set)) add[column] = amount;
  }
  for (const [column, amount] of Object.entries(later.add)) {
    const known = set[column];
    if (column in set) set[column] = (typeof known === 'number' ? known : 0) + amount;
    else add[column] = (add[column] ?? 0) + amount;
  }
  return { ...earlier, set, add };
}

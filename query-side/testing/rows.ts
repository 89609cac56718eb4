import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type Projector, changesOf } from '../projector.js';
import type { Change, Table, Value } from '../read-models/table.js';

export type Rows = readonly Readonly<Record<string, Value>>[];

/** What a table holds after the changes, one after another, by key: what the statements must come to. */
export function rowsAfter(changes: Iterable<Change>, table: Table): Rows {
  const rows = new Map<string, Record<string, Value>>();
  for (const change of changes) {
    if (change.table === table) apply(rows, change);
  }
  return [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

/** The rows of a table after the events. */
export const projected = (projector: Projector, table: Table, events: readonly RecordedEvent[]): Rows =>
  rowsAfter(changesOf([projector], events), table);

function apply(rows: Map<string, Record<string, Value>>, { kind, key, set, add }: Change): void {
  const id = Object.values(key).join();
  const known = rows.get(id);
  if (kind === 'insert' && known) throw new Error(`the row ${id} is there already`);
  if (kind === 'update' && !known) return;
  const row = { ...known, ...key, ...set };
  for (const [column, amount] of Object.entries(add)) row[column] = Number(known?.[column] ?? 0) + amount;
  rows.set(id, row);
}

import type { DatabaseParts, Statements } from './database.js';

/** An event that waits for what it belongs to. Times in milliseconds since the epoch. */
export interface ParkedRow {
  readonly position: bigint;
  readonly orderId: string;
  readonly partition: number;
  readonly awaits: string;
  readonly dueAt: number;
  outcome: 'matched' | 'dead-lettered' | undefined;
}

const MOST_AT_ONCE = 100;

/** The table `parked`. @param onDeadLetter told why a dead letter was made */
export function parkedStatements({ now }: DatabaseParts, onDeadLetter: (reason: string) => void) {
  const rows = new Map<bigint, ParkedRow>();
  const open = (partitions: unknown): ParkedRow[] =>
    [...rows.values()].filter(
      ({ outcome, partition }) => outcome === undefined && (partitions as number[]).includes(partition),
    );

  const statements: Statements = {
    'parked-park': ([position, orderId, partition, awaits, , , deadlineMs]) => {
      if (rows.has(position as bigint)) return [];
      rows.set(position as bigint, {
        position: position as bigint,
        orderId: orderId as string,
        partition: partition as number,
        awaits: awaits as string,
        dueAt: now() + (deadlineMs as number),
        outcome: undefined,
      });
      return [];
    },
    'parked-match': ([awaits, before]) => {
      for (const row of rows.values()) {
        const isMatched = row.awaits === awaits && row.position < (before as bigint);
        if (row.outcome === undefined && isMatched) row.outcome = 'matched';
      }
      return [];
    },
    'parked-overdue': ([partitions]) =>
      [
        ...new Set(
          open(partitions)
            .filter(({ dueAt }) => dueAt <= now())
            .map(({ partition }) => partition),
        ),
      ].map((partition) => ({ partition, at: new Date(now()).toISOString() })),
    'parked-dead-letter': ([of, at]) =>
      open([of])
        .filter(({ dueAt }) => dueAt <= Date.parse(at as string))
        .sort((one, other) => one.dueAt - other.dueAt)
        .slice(0, MOST_AT_ONCE)
        .map((row) => {
          row.outcome = 'dead-lettered';
          onDeadLetter(`nothing came in ${row.awaits}`);
          return { position: row.position.toString(), orderId: row.orderId, awaits: row.awaits };
        }),
    'parked-open': ([partitions]) =>
      [...new Set(open(partitions).map(({ awaits }) => awaits))].map((awaits) => ({ awaits })),
  };
  return { statements, rows };
}

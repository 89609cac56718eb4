import { columnNames } from '@orders/process-managers/order-process/process-row.js';
import type { DatabaseParts, Statements } from './database.js';
import { type CheckpointRow, move } from './checkpoints.statements.js';
import { rowsOf } from './leases.statements.js';

/** A row of `processes`, as far as it decides anything. Times in milliseconds since the epoch. */
export interface ProcessRow {
  readonly orderId: string;
  readonly partition: number;
  readonly revision: bigint;
  readonly status: string;
  readonly stage: string;
  readonly intervention: string | null;
  readonly pending: string;
  /** It waits for a payment provider that cannot be called. */
  readonly deferred: boolean;
  readonly notBefore: number | undefined;
  readonly deadlineGeneration: number | null;
  readonly correlationId: string;
  readonly causationId: string;
  readonly traceparent: string | null;
  readonly heardPosition: bigint;
  resends: number;
  nextResendAt: number | undefined;
  nextDeadlineAt: number | undefined;
}

/** A row of `quarantine`. */
export interface QuarantineRow {
  readonly partition: number;
  readonly position: bigint;
  readonly reason: string;
  readonly newer: boolean;
}

/** One visit of an order's process to a stage. */
export interface OrderVisit {
  readonly orderId: string;
  readonly stage: string;
  readonly generation: number;
}

const nameOf = ({ orderId, stage, generation }: OrderVisit): string => `${orderId} ${stage} ${generation}`;

const COLUMNS = columnNames.split(', ');
const MOST_AT_ONCE = 200;
const DEADLINE_AGAIN_MS = 5_000;
const MOST_DOUBLINGS = 16;

/** Microseconds since the epoch, of milliseconds. */
const micros = (ms: number): string => String(Math.round(ms * 1_000));
const instant = (value: unknown): number | undefined =>
  typeof value === 'string' ? Date.parse(value) : undefined;

function rowOf(values: readonly unknown[]): ProcessRow {
  const column = (name: string): unknown => values[COLUMNS.indexOf(name)];
  return {
    orderId: column('order_id') as string,
    partition: column('partition') as number,
    revision: column('revision') as bigint,
    status: column('status') as string,
    stage: column('stage') as string,
    intervention: column('intervention') as string | null,
    pending: column('pending') as string,
    deferred: column('deferred') as boolean,
    notBefore: instant(column('not_before')),
    deadlineGeneration: column('deadline_generation') as number | null,
    correlationId: column('correlation_id') as string,
    causationId: column('causation_id') as string,
    traceparent: column('traceparent') as string | null,
    heardPosition: BigInt(column('heard_position') as string),
    resends: 0,
    nextResendAt: undefined,
    nextDeadlineAt: instant(column('next_deadline_at')),
  };
}

/** The tables `processes`, `quarantine` and `dead_letters`. */
export function processStatements({ now }: DatabaseParts, checkpoints: ReadonlyMap<string, CheckpointRow>) {
  const rows = new Map<string, ProcessRow>();
  const quarantine = new Map<string, QuarantineRow>();
  const due = new Map<string, number>();
  const deadLetters: { readonly queue: string; readonly type: unknown; readonly reason: unknown }[] = [];

  /** What is outstanding still keeps its turn; what is new was sent just now, or waits for the end of its pause. */
  function store(row: ProcessRow, firstMs: number): void {
    const before = rows.get(row.orderId);
    if (before && before.revision >= row.revision) return;
    rows.set(row.orderId, row);
    if (before?.pending === row.pending) {
      row.resends = before.resends;
      row.nextResendAt = before.nextResendAt;
    } else if (row.pending !== '[]') row.nextResendAt = row.notBefore ?? now() + firstMs;
  }

  const taken = (
    isDue: (row: ProcessRow) => boolean,
    at: 'nextResendAt' | 'nextDeadlineAt',
    partitions: unknown,
    most = MOST_AT_ONCE,
  ): ProcessRow[] =>
    [...rows.values()]
      .filter((row) => isDue(row) && (partitions as number[]).includes(row.partition))
      .filter(({ orderId }) => !quarantine.has(orderId))
      .sort((one, other) => (one[at] ?? 0) - (other[at] ?? 0))
      .slice(0, most);
  const isDue = (at: 'nextResendAt' | 'nextDeadlineAt') => (row: ProcessRow) =>
    (row[at] ?? Infinity) <= now();

  function resent(row: ProcessRow, firstMs: unknown, mostMs: unknown): object {
    const dueAt = row.nextResendAt ?? 0;
    row.resends += 1;
    const pause = (firstMs as number) * 2 ** Math.min(row.resends, MOST_DOUBLINGS);
    row.nextResendAt = now() + Math.min(pause, mostMs as number);
    return {
      order_id: row.orderId,
      pending: JSON.parse(row.pending) as unknown,
      correlation_id: row.correlationId,
      causation_id: row.causationId,
      traceparent: row.traceparent,
      due_at: micros(dueAt),
    };
  }

  const statements: Statements = {
    'processes-store': ([name, token, position, to, idle, firstMs, ...columns]) => {
      const checkpoint = checkpoints.get(name as string);
      if (!checkpoint || checkpoint.token !== token || checkpoint.position !== position)
        return [{ moved: 0 }];
      move(checkpoint, to as bigint, idle as number | null, now());
      for (const values of rowsOf(columns as unknown[][])) store(rowOf(values), firstMs as number);
      return [{ moved: 1 }];
    },
    'processes-bring-forward': ([partitions]) => {
      for (const row of rows.values()) {
        const commands = JSON.parse(row.pending) as readonly { readonly notBefore?: string }[];
        const isPaused = row.resends === 0 && commands.every(({ notBefore }) => notBefore !== undefined);
        const isMeant = (partitions as number[]).includes(row.partition) && !row.deferred && !isPaused;
        if (isMeant && (row.nextResendAt ?? 0) > now()) row.nextResendAt = now();
      }
      return [{ mark: micros(now()) }];
    },
    'processes-take-resends': ([partitions, firstMs, mostMs]) =>
      taken(isDue('nextResendAt'), 'nextResendAt', partitions).map((row) => resent(row, firstMs, mostMs)),
    'processes-take-deferred': ([partitions, firstMs, mostMs, most]) =>
      taken(
        ({ deferred, nextResendAt }) => deferred && nextResendAt !== undefined,
        'nextResendAt',
        partitions,
        most as number,
      ).map((row) => resent(row, firstMs, mostMs)),
    'processes-still-deferred': ([orderIds]) =>
      (orderIds as string[]).flatMap((order_id) => (rows.get(order_id)?.deferred ? [{ order_id }] : [])),
    'processes-take-deadlines': ([partitions]) =>
      taken(isDue('nextDeadlineAt'), 'nextDeadlineAt', partitions).map((row) => {
        row.nextDeadlineAt = now() + DEADLINE_AGAIN_MS;
        const visit = nameOf({ ...row, generation: row.deadlineGeneration ?? 0 });
        if (!due.has(visit)) due.set(visit, now());
        return {
          ...{ order_id: row.orderId, stage: row.stage, deadline_generation: row.deadlineGeneration },
          pending: JSON.parse(row.pending) as unknown,
        };
      }),
    'quarantine-put': ([orderId, partition, position, reason, newer]) => {
      quarantine.set(orderId as string, {
        partition: partition as number,
        position: position as bigint,
        reason: reason as string,
        newer: newer as boolean,
      });
      return [];
    },
    'quarantine-release': ([orderId, position]) => {
      if (quarantine.get(orderId as string)?.position === position) quarantine.delete(orderId as string);
      return [];
    },
    'quarantine-of-partitions': ([partitions]) =>
      [...quarantine]
        .filter(([, { partition }]) => (partitions as number[]).includes(partition))
        .map(([order_id, { position, reason, newer }]) => ({
          ...{ order_id, position: String(position), reason, newer },
        })),
    'dead-letters-keep-untold': ([, type, , reason]) => {
      deadLetters.push({ queue: 'integration-events', type, reason });
      return [];
    },
    'dead-letters-store': ([queue, , type, , reason]) => {
      deadLetters.push({ queue: queue as string, type, reason });
      return [];
    },
  };
  const dueAt = (visit: OrderVisit): number => due.get(nameOf(visit)) ?? Infinity;
  return { statements, rows, quarantine, deadLetters, dueAt };
}

import type { DatabaseParts, Statements } from './database.js';

interface LeaseRow {
  holder: string | undefined;
  token: bigint;
  expiresAt: number;
}

export interface CheckpointRow {
  position: bigint;
  token: bigint;
  readonly log: string;
  caughtUpAt: number;
}

/** What is unnested: one array a column. */
type Columns = readonly (readonly unknown[])[];

export const rowsOf = (columns: Columns): unknown[][] =>
  (columns[0] ?? []).map((_value, row) => columns.map((column) => column[row]));

const HOUR_MS = 3_600_000;

/** The tables `leases`, `instances` and `checkpoints`. */
export function leaseStatements({ now, random }: DatabaseParts) {
  const leases = new Map<string, LeaseRow>();
  const instances = new Map<string, number>();
  const checkpoints = new Map<string, CheckpointRow>();

  const claimed = (name: string, { token, position }: CheckpointRow) => ({
    name,
    token: token.toString(),
    position: position.toString(),
  });

  const statements: Statements = {
    'leases-seed': ([names]) => {
      for (const name of names as string[]) {
        if (!leases.has(name)) leases.set(name, { holder: undefined, token: 0n, expiresAt: -Infinity });
      }
      return [];
    },
    'leases-report': ([me, ttl]) => {
      const others = [...instances].filter(([name]) => name !== me);
      for (const [name, seenAt] of others) if (seenAt < now() - HOUR_MS) instances.delete(name);
      instances.set(me as string, now());
      return [{ living: 1 + others.filter(([, seenAt]) => seenAt > now() - (ttl as number)).length }];
    },
    'leases-renew': ([me, names, tokens, ttl]) =>
      rowsOf([names as string[], tokens as bigint[]]).flatMap(([name, token]) => {
        const lease = leases.get(name as string);
        if (!lease || lease.token !== token || lease.holder !== me) return [];
        lease.expiresAt = now() + (ttl as number);
        return [{ name }];
      }),
    'leases-take': ([me, names, most, ttl]) =>
      (names as string[])
        .flatMap((name) => {
          const lease = leases.get(name);
          return lease && lease.expiresAt <= now() ? [{ name, lease, order: random() }] : [];
        })
        .sort((one, other) => one.order - other.order)
        .slice(0, most as number)
        .map(({ name, lease }) => {
          lease.holder = me as string;
          lease.token += 1n;
          lease.expiresAt = now() + (ttl as number);
          return { name, token: lease.token.toString() };
        }),
    'leases-free': ([me, names, tokens]) => {
      for (const [name, token] of rowsOf([names as string[], tokens as bigint[]])) {
        const lease = leases.get(name as string);
        if (!lease || lease.token !== token || lease.holder !== me) continue;
        lease.holder = undefined;
        lease.expiresAt = -Infinity;
      }
      return [];
    },
    'leases-leave': ([me]) => {
      instances.delete(me as string);
      return [];
    },
    'checkpoints-seed': ([names, log]) => {
      for (const name of names as string[]) {
        if (checkpoints.has(name)) continue;
        checkpoints.set(name, { position: -1n, token: 0n, log: log as string, caughtUpAt: -Infinity });
      }
      return [];
    },
    'checkpoints-foreign': ([names, log]) =>
      (names as string[])
        .filter((name) => (checkpoints.get(name)?.log ?? log) !== log)
        .slice(0, 1)
        .map((name) => ({ name })),
    'checkpoints-claim': ([names, tokens]) =>
      rowsOf([names as string[], tokens as bigint[]]).flatMap(([name, token]) => {
        const checkpoint = checkpoints.get(name as string);
        if (!checkpoint || checkpoint.token >= (token as bigint)) return [];
        checkpoint.token = token as bigint;
        return [claimed(name as string, checkpoint)];
      }),
    'checkpoints-held': ([names, tokens]) =>
      rowsOf([names as string[], tokens as bigint[]]).flatMap(([name, token]) => {
        const checkpoint = checkpoints.get(name as string);
        return checkpoint && checkpoint.token === token ? [claimed(name as string, checkpoint)] : [];
      }),
    'checkpoints-move': (columns) =>
      rowsOf(columns as Columns).flatMap(([name, token, position, moved, idle]) => {
        const checkpoint = checkpoints.get(name as string);
        if (!checkpoint || checkpoint.token !== token || checkpoint.position !== position) return [];
        move(checkpoint, moved as bigint, idle as number | null, now());
        return [{ name }];
      }),
    'process-managers-now': () => [{ now: new Date(now()).toISOString() }],
    'process-managers-projected': ([name, booted, head]) => {
      const checkpoint = checkpoints.get(name as string);
      if (!checkpoint) return [];
      const isReached = checkpoint.caughtUpAt > Date.parse(booted as string);
      return [{ reached: isReached || checkpoint.position >= (head as bigint) }];
    },
  };
  return { statements, checkpoints };
}

/** @param idle how long nothing had been waiting, in milliseconds; null where something was */
export function move(checkpoint: CheckpointRow, to: bigint, idle: number | null, now: number): void {
  checkpoint.position = to;
  if (idle !== null) checkpoint.caughtUpAt = now - idle;
}

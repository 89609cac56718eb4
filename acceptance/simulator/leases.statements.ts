import type { DatabaseParts, Statements } from './database.js';

interface LeaseRow {
  holder: string | undefined;
  token: bigint;
  expiresAt: number;
}

/** What is unnested: one array a column. */
export type Columns = readonly (readonly unknown[])[];

export const rowsOf = (columns: Columns): unknown[][] =>
  (columns[0] ?? []).map((_value, row) => columns.map((column) => column[row]));

const HOUR_MS = 3_600_000;

/** The tables `leases` and `instances`. */
export function leaseStatements({ now, random }: DatabaseParts): Statements {
  const leases = new Map<string, LeaseRow>();
  const instances = new Map<string, number>();

  return {
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
  };
}

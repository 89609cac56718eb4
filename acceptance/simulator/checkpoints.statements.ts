import type { DatabaseParts, Statements } from './database.js';
import { type Columns, rowsOf } from './leases.statements.js';

export interface CheckpointRow {
  position: bigint;
  token: bigint;
  readonly log: string;
  caughtUpAt: number;
}

/** The table `checkpoints`, and what is asked of it. */
export function checkpointStatements({ now }: DatabaseParts) {
  const checkpoints = new Map<string, CheckpointRow>();

  const claimed = (name: string, { token, position }: CheckpointRow) => ({
    name,
    token: token.toString(),
    position: position.toString(),
  });

  const statements: Statements = {
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

import { Dice } from './chance.js';

/**
 * What can go wrong where a process talks to something, and how likely that is beside the others (weights). A crash
 * is that of the process: before its request leaves, or once the request has taken effect and before its answer
 * comes. `silent`: no answer ever comes.
 */
export const mishaps = {
  append: {
    'crash before': 2,
    'crash after': 3,
    'request lost': 2,
    'answer lost': 3,
    silent: 1,
    'silent after effect': 1,
    slow: 2,
  },
  read: { 'crash before': 0.2, 'crash after': 0.2, 'request lost': 0.4, slow: 0.4 },
  hear: { slow: 3 },
  batch: {},
  query: { 'crash before': 0.02, 'crash after': 0.02, 'request lost': 0.1, 'answer lost': 0.1, slow: 0.1 },
  publish: {
    'crash before': 1,
    'crash after': 1,
    'request lost': 1,
    'answer lost': 1,
    silent: 0.5,
    'silent after effect': 0.5,
    forgotten: 3,
    duplicated: 3,
    'copied minutes later': 0.3,
    late: 3,
    unroutable: 1,
  },
  deliver: { 'crash before': 0.5, slow: 2 },
  acknowledge: { 'crash before': 2, 'crash after': 1, 'request lost': 1 },
  provider: {
    'crash before': 2,
    'crash after': 3,
    'request lost': 1,
    'answer lost': 1,
    silent: 2,
    'silent after effect': 3,
    'unknown without effect': 2,
    'unknown with effect': 3,
    slow: 3,
    refused: 2,
  },
  restart: { slow: 20 },
  notify: { forgotten: 20, duplicated: 10, late: 10 },
  find: { 'crash before': 3, 'crash after': 3, 'request lost': 3, silent: 3, slow: 3 },
  books: { 'crash before': 2, 'crash after': 2, 'request lost': 2, silent: 2, slow: 2 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;

export type Operation = keyof typeof mishaps;
export type MishapOf<At extends Operation> = keyof (typeof mishaps)[At] & string;
export type Mishap = { [At in Operation]: MishapOf<At> }[Operation];

/** What a server that is away does not answer. The broker's absence ends connections, and is another matter. */
export const servers = {
  'event store': ['append', 'read'],
  database: ['query'],
  provider: ['provider', 'find', 'books'],
} as const satisfies Record<string, readonly Operation[]>;

/** Probabilities of the mishaps of each operation in one run. Most are rare or absent, so that runs differ. */
export type Weather = Readonly<Record<Operation, readonly (readonly [mishap: Mishap, upTo: number])[]>>;

const INTENSITIES = [0, 0, 0.003, 0.01, 0.03] as const;

export function weatherOf(dice: Dice): Weather {
  const isCalm = dice.happens(0.1);
  const entries = Object.entries(mishaps).map(([operation, weights]) => {
    let upTo = 0;
    const steps = Object.entries(weights).map(([mishap, weight]) => {
      upTo += isCalm ? 0 : weight * dice.pick(INTENSITIES);
      return [mishap, upTo];
    });
    return [operation, steps];
  });
  return Object.fromEntries(entries) as Weather;
}

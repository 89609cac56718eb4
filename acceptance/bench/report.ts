import type { Spread } from './statistics.js';

/** What a measurement must reach. */
export interface Goal {
  readonly name: string;
  readonly measured: number;
  readonly bound: 'at least' | 'at most';
  readonly goal: number;
  readonly unit: string;
}

export const isMet = ({ measured, bound, goal }: Goal): boolean =>
  bound === 'at least' ? measured >= goal : measured <= goal;

/** One part of a benchmark: what people read, what programs read, and what it had to reach. */
export interface Measurement {
  readonly title: string;
  readonly lines: readonly string[];
  readonly figures: object;
  readonly goals: readonly Goal[];
}

/** A number with as many digits as are worth reading. */
export function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

export const spreadText = ({ min, median, max }: Spread): string =>
  `${figure(median)} (${figure(min)} to ${figure(max)})`;

/** Columns wide enough for their longest entry; the first is a name, the others stand to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { length }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, length);
  }
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

export function goalLine(goal: Goal): string {
  const verdict = isMet(goal) ? 'reached' : 'GOAL MISSED';
  return `${verdict.padEnd(11)}  ${goal.name}: ${figure(goal.measured)}${goal.unit}, ${goal.bound} ${figure(goal.goal)}${goal.unit}`;
}

export const section = ({ title, lines }: Measurement): string =>
  ['', title, ...lines.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');

import { z } from 'zod';
import { since, until } from './durations.js';
import type { Cell, Column } from './table.js';

const Instant = z.iso.datetime();

/** What is shown of a process in a list. */
export const ProcessRow = z.object({
  orderId: z.string(),
  status: z.string(),
  stage: z.string(),
  stageSince: Instant,
  startedAt: Instant,
  intervention: z.string().nullable(),
  paused: z.boolean(),
  quarantined: z.boolean(),
  outstanding: z.int(),
  resends: z.int(),
  nextDeadlineAt: Instant.nullable(),
});
type ProcessRow = z.infer<typeof ProcessRow>;

export const processColumns = (now: Date): readonly Column<ProcessRow>[] => [
  { title: 'ORDER', cell: ({ orderId }) => orderId },
  { title: 'STATUS', cell: ({ status }) => status },
  { title: 'STAGE', cell: ({ stage }) => stage },
  { title: 'STUCK', cell: stuck },
  { title: 'FOR', cell: ({ stageSince }) => since(stageSince, now) },
  { title: 'DEADLINE', cell: ({ nextDeadlineAt }) => until(nextDeadlineAt, now) },
  { title: 'ASKS', cell: ({ outstanding }) => String(outstanding), isNumber: true },
  { title: 'RESENT', cell: ({ resends }) => String(resends), isNumber: true },
  { title: 'AGE', cell: ({ startedAt }) => since(startedAt, now) },
];

/** Why it does not go on by itself. */
export function stuck({
  intervention,
  paused,
  quarantined = false,
}: Pick<ProcessRow, 'intervention' | 'paused'> & { readonly quarantined?: boolean }): Cell {
  const text = [
    ...(quarantined ? ['QUARANTINED'] : []),
    ...(paused ? ['PAUSED'] : []),
    ...(intervention === null ? [] : [intervention]),
  ].join(' ');
  return { text, style: intervention !== null || quarantined ? 'red' : 'yellow' };
}

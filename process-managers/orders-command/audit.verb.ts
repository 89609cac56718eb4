import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import { auditOfOrder } from './audit-of-order.js';
import { list } from './listing.js';
import { choiceOf, listOptions } from './options.js';
import type { Column } from './table.js';
import { one, verb } from './verb.js';

const Moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be an instant, e.g. 2026-01-31T12:00:00Z, or a date',
  })
  .transform((text) => new Date(text).toISOString())
  .optional();
const text = z.string().min(1, { error: 'must not be empty' }).optional();

/** What is shown of an event. */
const Entry = z.object({
  position: z.string(),
  occurredAt: z.string(),
  stream: z.string(),
  type: z.string(),
  actor: z.object({ kind: z.string(), subject: z.string() }),
  reason: z.string().nullable(),
});

const columns = (): readonly Column<z.infer<typeof Entry>>[] => [
  { title: 'POSITION', cell: ({ position }) => position, isNumber: true },
  { title: 'OCCURRED', cell: ({ occurredAt }) => occurredAt },
  { title: 'EVENT', cell: ({ type }) => type },
  { title: 'STREAM', cell: ({ stream }) => stream },
  { title: 'BY', cell: ({ actor }) => `${actor.kind.toLowerCase()} ${actor.subject}` },
  { title: 'REASON', cell: ({ reason }) => reason ?? '' },
];

export const auditVerb = verb({
  summary: 'what happened, by whom, when and why, from the audit log of the query side',
  description: 'All of the conditions hold. What happened a moment ago may not be there yet.',
  arguments: {
    order: one('order', OrderId.optional(), 'of the order, its payment, its process and its reservations'),
    correlation: one('id', text, 'caused by the request with that x-correlation-id'),
    actor: one('subject', text, 'done by that one'),
    type: one('event', text, 'of that type, e.g. OrderProcessPaused'),
    from: one('instant', Moment, 'occurred then or later; a date begins at midnight UTC'),
    to: one('instant', Moment, 'occurred before that'),
    sort: one('order', choiceOf(['oldest', 'newest']), 'oldest or newest first; oldest unless told'),
    ...listOptions,
  },
  examples: [
    'audit --order 5f3c0e3e-5c0b-5b0e-9d0e-3b1f0e3e5c0b',
    'audit --correlation checkout-17 --json',
    'audit --type OrderProcessCompensationForced --sort newest --limit 10',
    'audit --actor jane --from 2026-01-31 --to 2026-02-01',
  ],
  run: ({ json, limit, order, correlation, sort, ...conditions }, world) => {
    const filter = { ...conditions, correlationId: correlation };
    const range = { newestFirst: sort === 'newest', limit };
    const pages =
      order === undefined
        ? world.audit.pages(filter, range)
        : auditOfOrder(world.audit, order, filter, range);
    return list({ json }, { pages, row: Entry, columns, of: 'events' }, world);
  },
});

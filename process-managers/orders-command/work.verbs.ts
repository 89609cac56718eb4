import { z } from 'zod';
import { since, until } from './durations.js';
import { list, tell } from './listing.js';
import { answerOptions, choiceOf, listOptions } from './options.js';
import { type Column, heading, table } from './table.js';
import { flag, one, verb } from './verb.js';

const Instant = z.iso.datetime();

const Subscription = z.object({
  name: z.string(),
  position: z.string().nullable(),
  holder: z.string().nullable(),
  movedAt: Instant,
  lag: z.object({ positions: z.string(), seconds: z.number().nullable() }),
});
const Subscriptions = z.object({ head: z.string(), subscriptions: z.array(Subscription) });

const subscriptionColumns = (now: Date): readonly Column<z.infer<typeof Subscription>>[] => [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'POSITION', cell: ({ position }) => position ?? '', isNumber: true },
  { title: 'BEHIND', cell: ({ lag }) => lag.positions, isNumber: true },
  { title: 'SECONDS', cell: ({ lag }) => lag.seconds?.toFixed(1) ?? '', isNumber: true },
  { title: 'MOVED', cell: ({ movedAt }) => `${since(movedAt, now)} ago` },
  { title: 'BY', cell: ({ holder }) => holder ?? '' },
];

export const subscriptionsVerb = verb({
  summary: 'how far everything that follows the log has come',
  arguments: answerOptions,
  examples: ['subscriptions'],
  run: async (how, world) => {
    const { body } = await world.admin.get('/subscriptions');
    const text = ({ head, subscriptions }: z.infer<typeof Subscriptions>) =>
      `The log ends at ${head}.\n${table(subscriptions, subscriptionColumns(world.now()), world.terminal)}`;
    return tell(body, how, { schema: Subscriptions, text }, world);
  },
});

const Lease = z.object({
  name: z.string(),
  holder: z.string().nullable(),
  token: z.string(),
  expiresAt: Instant.nullable(),
  expired: z.boolean(),
});
const Leases = z.object({
  instances: z.array(z.object({ name: z.string(), seenAt: Instant })),
  leases: z.array(Lease),
});
type Leases = z.infer<typeof Leases>;

const instanceColumns = (now: Date): readonly Column<Leases['instances'][number]>[] => [
  { title: 'INSTANCE', cell: ({ name }) => name },
  { title: 'SEEN', cell: ({ seenAt }) => `${since(seenAt, now)} ago` },
];
const leaseColumns = (now: Date): readonly Column<Leases['leases'][number]>[] => [
  { title: 'LEASE', cell: ({ name }) => name },
  { title: 'TOKEN', cell: ({ token }) => token, isNumber: true },
  { title: 'EXPIRES', cell: ({ expiresAt }) => until(expiresAt, now) },
  {
    title: 'HELD BY',
    cell: ({ holder, expired }) => (expired ? { text: 'nobody', style: 'red' } : (holder ?? '')),
  },
];

export const leasesVerb = verb({
  summary: 'which instance of the process managers does what',
  arguments: answerOptions,
  examples: ['leases'],
  run: async (how, world) => {
    const { body } = await world.admin.get('/leases');
    const text = ({ instances, leases }: Leases) =>
      table(instances, instanceColumns(world.now()), world.terminal) +
      heading('Leases', world.terminal) +
      table(leases, leaseColumns(world.now()), world.terminal);
    return tell(body, how, { schema: Leases, text }, world);
  },
});

/** What is shown of what is due. */
const Timer = z.object({
  orderId: z.string(),
  kind: z.string(),
  stage: z.string(),
  dueAt: Instant,
  resends: z.int(),
});

const timerColumns = (now: Date): readonly Column<z.infer<typeof Timer>>[] => [
  { title: 'ORDER', cell: ({ orderId }) => orderId },
  { title: 'STAGE', cell: ({ stage }) => stage },
  { title: 'WHAT', cell: ({ kind }) => kind },
  { title: 'DUE', cell: ({ dueAt }) => until(dueAt, now) },
  { title: 'RESENT', cell: ({ resends }) => String(resends), isNumber: true },
];

export const timersVerb = verb({
  summary: 'what is due next, the soonest first',
  arguments: {
    kind: one('kind', choiceOf(['deadline', 'resend']), 'deadline or resend'),
    overdue: flag(z.boolean().default(false), 'only what should have happened by now'),
    ...listOptions,
  },
  examples: ['timers', 'timers --kind resend --overdue'],
  run: ({ json, limit, kind, overdue }, world) => {
    const query = { kind, overdue: overdue ? 'true' : undefined };
    const pages = world.admin.pages('/timers', 'timers', query, limit);
    return list({ json }, { pages, row: Timer, columns: timerColumns, of: 'timers' }, world);
  },
});

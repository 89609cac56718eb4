import { z } from 'zod';
import { act } from './action.js';
import { decoded } from './api-answer.js';
import { at, since, until } from './durations.js';
import { list, tell } from './listing.js';
import { actionOptions, answerOptions, listOptions, seenOptions } from './options.js';
import { order } from './process.verbs.js';
import { type Column, fields, printable } from './table.js';
import { type Noun, verb } from './verb.js';

const Instant = z.iso.datetime();

/** What is shown of an order in quarantine. */
const Quarantined = z.object({
  orderId: z.string(),
  position: z.string(),
  reason: z.string(),
  newer: z.boolean(),
  since: Instant,
});
type Quarantined = z.infer<typeof Quarantined>;

const columns = (now: Date): readonly Column<Quarantined>[] => [
  { title: 'ORDER', cell: ({ orderId }) => orderId },
  { title: 'FOR', cell: ({ since: began }) => since(began, now) },
  { title: 'POSITION', cell: ({ position }) => position, isNumber: true },
  { title: 'WRITTEN BY', cell: ({ newer }) => (newer ? 'a newer build' : '') },
  { title: 'REASON', cell: ({ reason }) => reason },
];

const lineOf = ({ orderId, position, reason }: Quarantined): string =>
  printable(`${orderId} waits from position ${position} on: ${reason}`);

const ORDER = '5f3c0e3e-5c0b-5b0e-9d0e-3b1f0e3e5c0b';

export const quarantineNoun: Noun = {
  summary: 'orders that met what could not be dealt with, each of which waits alone',
  verbs: {
    list: verb({
      summary: 'the orders in quarantine, newest first',
      arguments: listOptions,
      examples: ['quarantine list'],
      run: ({ json, limit }, world) => {
        const pages = world.admin.pages('/quarantine', 'orders', {}, limit);
        return list({ json }, { pages, row: Quarantined, columns, of: 'orders in quarantine' }, world);
      },
    }),
    show: verb({
      summary: 'what an order in quarantine has met',
      operand: 'order',
      arguments: { ...order, ...answerOptions },
      examples: [`quarantine show ${ORDER}`],
      run: async ({ order: orderId, ...how }, world) => {
        const { body } = await world.admin.get(`/quarantine/${orderId}`);
        const text = ({ since: began, position, reason, newer }: Quarantined) =>
          fields(
            [
              ['order', orderId],
              ['since', at(began, world.now())],
              ['from position', position],
              ['written by', newer ? 'a newer build, under which it goes on by itself' : ''],
              ['reason', reason],
            ],
            world.terminal,
          );
        return tell(body, how, { schema: Quarantined, text }, world);
      },
    }),
    release: verb({
      summary: 'lets an order in quarantine go on',
      description:
        'The log is read again from where it stopped; it stops again at what still cannot be dealt with.',
      operand: 'order',
      arguments: { ...order, ...actionOptions, ...seenOptions },
      examples: [`quarantine release ${ORDER} --reason 'the fix is deployed'`],
      run: ({ order: orderId, ...how }, world) => {
        const path = `/quarantine/${orderId}`;
        const subject = { path, text: (body: unknown) => lineOf(decoded(Quarantined, body)) };
        return act({ path: `${path}/release`, subject }, how, world);
      },
    }),
  },
};

/** What is shown of an event that waits. */
const Parked = z.object({
  position: z.string(),
  orderId: z.string(),
  type: z.string(),
  awaits: z.string(),
  awaitsType: z.string(),
  parkedAt: Instant,
  dueAt: Instant,
});

const parkedColumns = (now: Date): readonly Column<z.infer<typeof Parked>>[] => [
  { title: 'POSITION', cell: ({ position }) => position, isNumber: true },
  { title: 'EVENT', cell: ({ type }) => type },
  { title: 'FOR', cell: ({ parkedAt }) => since(parkedAt, now) },
  { title: 'DEAD LETTER', cell: ({ dueAt }) => until(dueAt, now) },
  { title: 'WAITS FOR', cell: ({ awaits, awaitsType }) => `${awaitsType} in ${awaits}` },
];

export const parkedNoun: Noun = {
  summary: 'events that belong to nothing known, and wait for it',
  verbs: {
    list: verb({
      summary: 'the events that wait, newest first',
      arguments: listOptions,
      examples: ['parked list'],
      run: ({ json, limit }, world) => {
        const pages = world.admin.pages('/parked', 'parked', {}, limit);
        return list({ json }, { pages, row: Parked, columns: parkedColumns, of: 'events that wait' }, world);
      },
    }),
  },
};

import { z } from 'zod';
import { at, since } from './durations.js';
import { stuck } from './process.table.js';
import { type Canvas, type Column, fields, heading, printable, table } from './table.js';

const Instant = z.iso.datetime();
const Command = z.object({ type: z.string(), stream: z.string(), notBefore: Instant.nullable() });
type Command = z.infer<typeof Command>;

/** What is shown of one process. */
export const Process = z.object({
  orderId: z.string(),
  definition: z.int(),
  revision: z.string(),
  status: z.string(),
  stage: z.string(),
  undoReason: z.string().nullable(),
  intervention: z.string().nullable(),
  paused: z.boolean(),
  correlationId: z.string(),
  startedAt: Instant,
  knows: z.object({
    order: z.string(),
    payment: z.object({ status: z.string(), captured: z.int() }),
    reservations: z.array(z.object({ sku: z.string(), quantity: z.int(), status: z.string() })),
    terms: z.object({ total: z.int(), currency: z.string(), captureMethod: z.string() }),
  }),
  outstanding: z.array(Command),
  deadline: z.object({ due: Instant }).nullable(),
  stages: z.array(
    z.object({ stage: z.string(), since: Instant, until: Instant.nullable(), overdue: z.boolean() }),
  ),
  chain: z.array(
    z.object({
      revision: z.string(),
      recordedAt: Instant,
      what: z.string(),
      by: z.object({ actor: z.string(), reason: z.string() }).nullable(),
      heard: z.object({ type: z.string() }).nullable(),
      stage: z.string().nullable(),
      asksFor: z.array(Command),
    }),
  ),
});
type Process = z.infer<typeof Process>;

/** What an action is about to be done to. */
export const lineOfProcess = (process: Process, now: Date): string =>
  printable(
    [
      `${process.orderId} at revision ${process.revision}: ${process.status}, order ${process.knows.order}`,
      `payment ${process.knows.payment.status}`,
      `in ${process.stage} for ${since(process.stages.at(-1)?.since ?? process.startedAt, now)}`,
      ...[stuck(process).text].filter((text) => text !== ''),
    ].join(', '),
  );

export function processText(process: Process, now: Date, canvas: Canvas): string {
  const { knows, outstanding, stages, chain } = process;
  return [
    fields(fieldsOf(process, now), canvas),
    section('Stock', knows.reservations, RESERVATIONS, canvas),
    section('Waits for answers to', outstanding, COMMANDS, canvas),
    section('Stages', stages, stageColumns(now), canvas),
    section('How it came to that', chain, CHAIN, canvas),
  ].join('');
}

const fieldsOf = (process: Process, now: Date) => {
  const { knows, deadline, undoReason } = process;
  const { payment, terms } = knows;
  return [
    ['order', process.orderId],
    ['revision', process.revision],
    ['definition', String(process.definition)],
    ['correlation', process.correlationId],
    ['began', at(process.startedAt, now)],
    ['status', undoReason === null ? process.status : `${process.status} (${undoReason})`],
    ['stage', process.stage],
    ['deadline', deadline && at(deadline.due, now)],
    ['stuck', stuck(process)],
    ['order is', knows.order],
    [
      'payment is',
      `${payment.status}: ${payment.captured} of ${terms.total} ${terms.currency} captured, ${terms.captureMethod}`,
    ],
  ] as const;
};

const section = <Row>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  canvas: Canvas,
) => (rows.length === 0 ? '' : heading(title, canvas) + table(rows, columns, canvas));

const RESERVATIONS: readonly Column<Process['knows']['reservations'][number]>[] = [
  { title: 'SKU', cell: ({ sku }) => sku },
  { title: 'QUANTITY', cell: ({ quantity }) => String(quantity), isNumber: true },
  { title: 'STATUS', cell: ({ status }) => status },
];

const COMMANDS: readonly Column<Command>[] = [
  { title: 'COMMAND', cell: ({ type }) => type },
  { title: 'TO', cell: ({ stream }) => stream },
  { title: 'NOT BEFORE', cell: ({ notBefore }) => notBefore ?? '' },
];

const stageColumns = (now: Date): readonly Column<Process['stages'][number]>[] => [
  { title: 'STAGE', cell: ({ stage }) => stage },
  { title: 'SINCE', cell: ({ since: began }) => began },
  { title: 'FOR', cell: ({ since: began, until }) => since(began, until === null ? now : new Date(until)) },
  { title: '', cell: ({ overdue }) => (overdue ? { text: 'OVERDUE', style: 'red' } : '') },
];

const CHAIN: readonly Column<Process['chain'][number]>[] = [
  { title: 'REVISION', cell: ({ revision }) => revision, isNumber: true },
  { title: 'RECORDED', cell: ({ recordedAt }) => recordedAt },
  { title: 'STAGE', cell: ({ stage }) => stage ?? '' },
  { title: 'WHAT', cell: ({ what, heard }) => (heard ? `heard ${heard.type}` : what) },
  { title: 'ASKS FOR', cell: ({ asksFor }) => asksFor.map(({ type }) => type).join(', ') },
  { title: 'BY', cell: ({ by }) => (by ? `${by.actor}: ${by.reason}` : '') },
];

/** What is shown of why a process stands where it stands. */
export const Explanation = z.object({
  orderId: z.string(),
  summary: z.string(),
  stage: z.string(),
  since: Instant,
  until: Instant.nullable(),
  sentAgain: z.int().nullable(),
  nextSentAt: Instant.nullable(),
  next: z.object({ onAnswer: z.string(), onDeadline: z.string().nullable() }),
  obstacles: z.array(z.object({ what: z.string(), because: z.string(), remedies: z.array(z.string()) })),
  outstanding: z.array(Command),
  chain: z.array(
    z.object({ at: Instant, what: z.string(), stage: z.string().nullable(), askedFor: z.array(z.string()) }),
  ),
});
type Explanation = z.infer<typeof Explanation>;

export function explanationText(told: Explanation, now: Date, canvas: Canvas): string {
  const { summary, obstacles, outstanding, chain } = told;
  return [
    `${canvas.paint('bold', printable(summary))}\n\n`,
    fields(prospectsOf(told, now), canvas),
    section('What keeps it', obstacles, obstacleColumns(told), canvas),
    section('Waits for answers to', outstanding, COMMANDS, canvas),
    section('What led here', chain, LINKS, canvas),
  ].join('');
}

const prospectsOf = ({ stage, since: began, until, sentAgain, nextSentAt, next }: Explanation, now: Date) =>
  [
    ['stage', stage],
    ['since', at(began, now)],
    ['until', until && at(until, now)],
    ['then', next.onAnswer],
    ['or, once the time is over', next.onDeadline],
    ['sent again', sentAgain === null || sentAgain === 0 ? '' : `${sentAgain} times`],
    ['next sent', nextSentAt && at(nextSentAt, now)],
  ] as const;

const obstacleColumns = ({ orderId }: Explanation): readonly Column<Explanation['obstacles'][number]>[] => [
  { title: 'WHAT', cell: ({ what }) => ({ text: what, style: 'red' }) },
  { title: 'BECAUSE', cell: ({ because }) => because },
  {
    title: 'WHAT CAN BE DONE',
    cell: ({ remedies }) => remedies.map((verb) => commandOf(verb, orderId)).join(' | '),
  },
];

const commandOf = (remedy: string, orderId: string): string =>
  `${remedy === 'release' ? 'quarantine' : 'process'} ${remedy} ${orderId}`;

const LINKS: readonly Column<Explanation['chain'][number]>[] = [
  { title: 'AT', cell: ({ at: instant }) => instant },
  { title: 'STAGE', cell: ({ stage }) => stage ?? '' },
  { title: 'WHAT', cell: ({ what }) => what },
  { title: 'ASKED FOR', cell: ({ askedFor }) => askedFor.join(', ') },
];

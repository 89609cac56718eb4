import { z } from 'zod';
import { at, since } from './durations.js';
import { type Canvas, type Column, fields, heading, printable } from './table.js';

const Instant = z.iso.datetime();

/** What is shown of a dead letter; its content only where it is shown by itself. */
export const DeadLetter = z.object({
  id: z.string(),
  state: z.string().optional(),
  origin: z.string(),
  queue: z.string(),
  type: z.string().nullable(),
  routingKey: z.string(),
  reason: z.string(),
  attempts: z.int(),
  times: z.int(),
  firstFailureAt: Instant,
  lastFailureAt: Instant,
  content: z.unknown(),
});
type DeadLetter = z.infer<typeof DeadLetter>;

export const deadLetterColumns = (now: Date): readonly Column<DeadLetter>[] => [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state = '' }) => state },
  { title: 'DIED', cell: ({ lastFailureAt }) => `${since(lastFailureAt, now)} ago` },
  { title: 'TIMES', cell: ({ times }) => String(times), isNumber: true },
  { title: 'QUEUE', cell: ({ queue }) => queue },
  { title: 'TYPE', cell: ({ type }) => type ?? '' },
  { title: 'REASON', cell: ({ reason }) => reason },
];

/** What an action is about to be done to. */
export const lineOfDeadLetter = ({ id, state = '', queue, type, routingKey, reason }: DeadLetter): string =>
  printable(`${id} ${state}, ${type ?? routingKey} in ${queue}: ${reason}`);

export function deadLetterText(letter: DeadLetter, now: Date, canvas: Canvas): string {
  const { content, attempts, times } = letter;
  const told = fields(
    [
      ['id', letter.id],
      ['state', letter.state],
      ['origin', letter.origin],
      ['queue', letter.queue],
      ['type', letter.type],
      ['routing key', letter.routingKey],
      [
        'died',
        times === 1 ? `once, after ${attempts} attempts` : `${times} times, after ${attempts} attempts`,
      ],
      ['first', at(letter.firstFailureAt, now)],
      ['last', at(letter.lastFailureAt, now)],
      ['reason', letter.reason],
    ],
    canvas,
  );
  return `${told}${heading('Content', canvas)}${contentText(content)}\n`;
}

/** JSON in lines; text, whatever is in it, in one. */
const contentText = (content: unknown): string =>
  JSON.stringify(content, null, 2).split('\n').map(unsteering).join('\n');

/** JSON escapes what is below U+0020; what else could steer a terminal is replaced. */
const unsteering = (line: string): string => line.replace(/\S.*/su, (rest) => printable(rest));

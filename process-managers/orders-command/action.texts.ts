import { z } from 'zod';
import { type Canvas, type Column, table } from './table.js';

/** What is shown of what an action came to, or would. */
export const ActionResult = z.object({
  outcome: z.enum(['planned', 'done', 'repeated']),
  appended: z.array(
    z.object({ stream: z.string(), revision: z.string(), type: z.string(), data: z.unknown() }),
  ),
  sent: z.array(
    z.object({
      type: z.string().optional(),
      stream: z.string().optional(),
      deadLetterId: z.string().optional(),
      routingKey: z.string(),
    }),
  ),
  /** Of a replay of the forwarder, which is known by that, and goes on after the answer. */
  replayId: z.string().optional(),
  planned: z.object({ messages: z.record(z.string(), z.int()), isComplete: z.boolean() }).optional(),
});
type ActionResult = z.infer<typeof ActionResult>;

const WORDS = {
  planned: { appended: 'would append', sent: 'would send' },
  done: { appended: 'appended', sent: 'sent' },
  repeated: { appended: 'was appended', sent: 'was sent' },
} as const;

/** Of a replay, which goes on after the answer. */
const REPLAYED = { planned: 'would send', done: 'will send', repeated: 'was to send' } as const;

interface Line {
  readonly outcome: string;
  readonly what: string;
  readonly where: string;
}

const COLUMNS: readonly Column<Line>[] = [
  { title: 'OUTCOME', cell: ({ outcome }) => outcome },
  { title: 'WHAT', cell: ({ what }) => what },
  { title: 'WHERE', cell: ({ where }) => where },
];

export function resultText(result: ActionResult, canvas: Canvas): string {
  const before = result.outcome === 'repeated' ? 'An earlier request under this key had done it.\n' : '';
  const behind = result.replayId === undefined ? '' : `It is replay ${result.replayId}.\n`;
  return before + table([...appendedLines(result), ...sentLines(result)], COLUMNS, canvas) + behind;
}

const appendedLines = ({ outcome, appended }: ActionResult): Line[] =>
  appended.map(({ type, stream, revision }) => ({
    ...{ outcome: WORDS[outcome].appended, what: type, where: `${stream} at ${revision}` },
  }));

function sentLines({ outcome, sent, planned }: ActionResult): Line[] {
  if (planned) return countedLines(planned, REPLAYED[outcome]);
  const word = WORDS[outcome].sent;
  return sent.map(({ type, stream, deadLetterId = '', routingKey }) => ({
    ...{ outcome: word, what: type ?? routingKey, where: stream ?? deadLetterId },
  }));
}

/** Of a replay only the first messages are told, and how many there are of each. */
const countedLines = (
  { messages, isComplete }: NonNullable<ActionResult['planned']>,
  outcome: string,
): Line[] =>
  Object.entries(messages).map(([routingKey, count]) => ({
    ...{ outcome, what: routingKey, where: `${isComplete ? '' : 'at least '}${count} times` },
  }));

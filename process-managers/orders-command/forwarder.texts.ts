import { z } from 'zod';
import { since } from './durations.js';
import { type Canvas, type Column, fields, heading, printable, table } from './table.js';

const Instant = z.iso.datetime();

/** What is shown of a replay of the forwarder. */
export const Replay = z.object({
  id: z.string(),
  state: z.string(),
  from: z.string(),
  to: z.string(),
  position: z.string().nullable(),
  sent: z.int(),
  routingKeys: z.array(z.string()).nullable(),
  reason: z.string(),
  requestedAt: Instant,
});
type Replay = z.infer<typeof Replay>;

export const replayColumns = (now: Date): readonly Column<Replay>[] => [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'ASKED FOR', cell: ({ requestedAt }) => `${since(requestedAt, now)} ago` },
  { title: 'FROM', cell: ({ from }) => from, isNumber: true },
  { title: 'AT', cell: ({ position }) => position ?? '', isNumber: true },
  { title: 'TO', cell: ({ to }) => to, isNumber: true },
  { title: 'SENT', cell: ({ sent }) => String(sent), isNumber: true },
  { title: 'ROUTING KEYS', cell: ({ routingKeys }) => routingKeys?.join(', ') ?? 'all' },
  { title: 'REASON', cell: ({ reason }) => reason },
];

/** What is about to be stopped. */
export const lineOfReplay = ({ id, state, from, to, position, sent }: Replay): string =>
  printable(`${id} ${state}, from ${from} to ${to}, at ${position ?? from}, ${sent} sent`);

/** What is shown of the forwarder. */
export const Forwarder = z.object({
  position: z.string().nullable(),
  head: z.string(),
  lag: z.object({ positions: z.string(), seconds: z.number().nullable() }),
  holder: z.string().nullable(),
  replays: z.array(Replay),
});
type Forwarder = z.infer<typeof Forwarder>;

export function forwarderText(
  { position, head, lag, holder, replays }: Forwarder,
  now: Date,
  canvas: Canvas,
): string {
  const told = fields(
    [
      ['position', position],
      ['log ends at', head],
      ['behind', `${lag.positions} positions${lag.seconds === null ? '' : `, ${lag.seconds.toFixed(1)} s`}`],
      ['held by', holder ?? { text: 'nobody', style: 'red' }],
    ],
    canvas,
  );
  if (replays.length === 0) return told;
  return told + heading('Replays', canvas) + table(replays, replayColumns(now), canvas);
}

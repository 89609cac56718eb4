import { z } from 'zod';
import { at, since } from './durations.js';
import { type Canvas, type Column, fields, printable } from './table.js';

const Instant = z.iso.datetime();

/** What is shown of a replay of the forwarder. */
export const Replay = z.object({
  id: z.string(),
  state: z.string(),
  stretch: z.object({
    from: z.union([z.object({ position: z.string() }), z.object({ time: z.string() })]),
    upTo: z.string(),
  }),
  position: z.string().nullable(),
  sent: z.int(),
  routingKeys: z.array(z.string()),
  reason: z.string(),
  requestedAt: Instant,
});
type Replay = z.infer<typeof Replay>;

export const replayColumns = (now: Date): readonly Column<Replay>[] => [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'ASKED FOR', cell: ({ requestedAt }) => `${since(requestedAt, now)} ago` },
  { title: 'FROM', cell: fromOf },
  { title: 'AT', cell: ({ position }) => position ?? '', isNumber: true },
  { title: 'TO', cell: ({ stretch }) => stretch.upTo, isNumber: true },
  { title: 'SENT', cell: ({ sent }) => String(sent), isNumber: true },
  { title: 'ROUTING KEYS', cell: ({ routingKeys }) => routingKeys.join(', ') },
  { title: 'REASON', cell: ({ reason }) => reason },
];

/** What is about to be stopped. */
export const lineOfReplay = (replay: Replay): string =>
  printable(
    `${replay.id} ${replay.state}, from ${fromOf(replay)} to ${replay.stretch.upTo}, at ${replay.position ?? 'its beginning'}, ${replay.sent} sent`,
  );

function fromOf({ stretch: { from } }: Replay): string {
  return 'position' in from ? from.position : from.time;
}

/** What is shown of the forwarder. */
export const Forwarder = z.object({
  position: z.string().nullable(),
  holder: z.string().nullable(),
  movedAt: Instant,
  lag: z.object({ positions: z.string(), seconds: z.number().nullable() }),
});

export const forwarderText = (
  { position, holder, movedAt, lag }: z.infer<typeof Forwarder>,
  now: Date,
  canvas: Canvas,
): string =>
  fields(
    [
      ['position', position ?? 'none yet'],
      ['behind', `${lag.positions} positions${lag.seconds === null ? '' : `, ${lag.seconds.toFixed(1)} s`}`],
      ['moved', at(movedAt, now)],
      ['held by', holder ?? { text: 'nobody', style: 'red' }],
    ],
    canvas,
  );

import { LogPosition } from '@orders/shared-events/contracts/ids.js';
import { WrongUsage } from '@orders/shared-events/transport/command-line.js';
import { z } from 'zod';
import { act } from './action.js';
import { decoded } from './api-answer.js';
import { Forwarder, Replay, forwarderText, lineOfReplay, replayColumns } from './forwarder.texts.js';
import { list, tell } from './listing.js';
import { actionOptions, answerOptions, listOptions, sureOptions } from './options.js';
import { type Given, type Noun, many, one, verb } from './verb.js';

const Moment = z.iso
  .datetime({ offset: true, error: 'must be an instant, e.g. 2026-01-31T12:00:00Z' })
  .transform((text) => new Date(text).toISOString())
  .optional();

const stretchOptions = {
  fromPosition: one('position', LogPosition.optional(), 'from that event of the log on, its sequence'),
  fromTime: one('instant', Moment, 'or from what was recorded then on'),
  toPosition: one(
    'position',
    LogPosition.optional(),
    'up to that one; unless told, to where the log ends now',
  ),
  routingKey: many('key', z.array(z.string()).optional(), 'only that, e.g. order.completed; all unless told'),
};

/** As the admin API takes it. */
function stretchOf({ fromPosition, fromTime, toPosition, routingKey }: Given<typeof stretchOptions>) {
  if ((fromPosition === undefined) === (fromTime === undefined))
    throw new WrongUsage('either --from-position or --from-time is required');
  const from = fromPosition === undefined ? { time: fromTime } : { position: fromPosition };
  return { from, upTo: toPosition, routingKeys: routingKey };
}

/** Where the log ended when the plan was made: that much was looked at. */
const endOf = (planned: unknown) => ({ upTo: decoded(Planned, planned).upTo });
const Planned = z.object({ upTo: LogPosition });

const replay = { id: one('id', z.uuid({ error: 'must be a UUID' }), 'the id of the replay') };

const ID = '0b9b4f9e-6a2c-4a57-8d4c-1f2f6f2f3b1d';

export const forwarderNoun: Noun = {
  summary: 'what the outside is told: how far it is, and telling it again',
  verbs: {
    show: verb({
      summary: 'how far the forwarder of integration events is',
      arguments: answerOptions,
      examples: ['forwarder show'],
      run: async (how, world) => {
        const { body } = await world.admin.get('/forwarder');
        const text = (shown: z.infer<typeof Forwarder>) => forwarderText(shown, world.now(), world.terminal);
        return tell(body, how, { schema: Forwarder, text }, world);
      },
    }),
    replay: verb({
      summary: 'tells the outside again what it was told, each message marked as a replay',
      arguments: { ...stretchOptions, ...actionOptions, ...sureOptions },
      examples: [
        `forwarder replay --from-time 2026-01-31T00:00:00Z --routing-key order.completed --reason 'a new listener' --dry-run`,
        `forwarder replay --from-position 4711 --to-position 5000 --reason 'lost at the warehouse' --yes`,
      ],
      run: (given, world) => {
        const { fromPosition, fromTime, toPosition, routingKey, ...how } = given;
        const body = stretchOf({ fromPosition, fromTime, toPosition, routingKey });
        const question = 'Tell the outside again?';
        return act({ path: '/forwarder/replays', body, question, asPlanned: endOf }, how, world);
      },
    }),
    replays: verb({
      summary: 'what was told again, newest first',
      arguments: listOptions,
      examples: ['forwarder replays'],
      run: ({ json, limit }, world) => {
        const pages = world.admin.pages('/forwarder/replays', 'replays', {}, limit);
        return list({ json }, { pages, row: Replay, columns: replayColumns, of: 'replays' }, world);
      },
    }),
    stop: verb({
      summary: 'ends a replay that runs; what was told is told',
      operand: 'id',
      arguments: { ...replay, ...actionOptions },
      examples: [`forwarder stop ${ID} --reason 'the listener cannot keep up'`],
      run: ({ id, ...how }, world) => {
        const path = `/forwarder/replays/${id}`;
        const subject = { path, text: (body: unknown) => lineOfReplay(decoded(Replay, body)) };
        return act({ path: `${path}/stop`, subject }, how, world);
      },
    }),
  },
};

import { MOST_LETTERS } from '@orders/shared-events/contracts/deadLetters.events.js';
import { z } from 'zod';
import type { DeadLetterState, DeadLetter as KeptDeadLetter } from '../dead-letters/dead-letters.table.js';
import { type HowToAct, act } from './action.js';
import { decoded } from './api-answer.js';
import { DeadLetter, deadLetterColumns, deadLetterText, lineOfDeadLetter } from './dead-letters.texts.js';
import { contentOf } from './edited-content.js';
import { list, tell } from './listing.js';
import { actionOptions, answerOptions, choiceOf, listOptions, seenOptions, sureOptions } from './options.js';
import { type Given, type Noun, flag, one, verb } from './verb.js';
import type { World } from './world.js';

const STATES = ['open', 'requeued', 'discarded'] as const satisfies readonly DeadLetterState[];
const ORIGINS = ['queue', 'unknown correlation', 'not translated'] as const satisfies DeadLetterOrigin[];
type DeadLetterOrigin = KeptDeadLetter['origin'];
const text = z.string().min(1, { error: 'must not be empty' }).optional();

const letter = { id: one('id', z.uuid({ error: 'must be a UUID' }), 'the id of the dead letter') };

const filterOptions = {
  queue: one('name', text, 'that died in that queue, e.g. commands.payment'),
  type: one('name', text, 'of that type, e.g. CapturePayment'),
  origin: one('origin', choiceOf(ORIGINS), ORIGINS.join(', ')),
  reasonContains: one('text', text, 'with that text in why they died'),
};

const boundOptions = {
  limit: one(
    'messages',
    z.coerce
      .number()
      .int()
      .min(1)
      .max(MOST_LETTERS, { error: `must be a whole number from 1 to ${MOST_LETTERS}` })
      .default(100),
    'at most so many, the newest first; 100 unless told',
  ),
};

const contentOptions = {
  contentFile: one('file', text, 'sends the JSON in that file in its place'),
  edit: flag(
    z.boolean().default(false),
    'opens its content in $VISUAL or $EDITOR first, and sends what is left there',
  ),
};

type Many = Given<typeof filterOptions & typeof boundOptions> & HowToAct;

function actOnMany(verb: 'requeue' | 'discard', given: Many, world: World): Promise<number> {
  const { queue, type, origin, reasonContains, limit, ...how } = given;
  const body = { queue, type, origin, reasonContains, limit };
  const question = verb === 'requeue' ? 'Send all of these again?' : 'Give all of these up for good?';
  return act({ path: `/dead-letters/${verb}`, body, question }, how, world);
}

const subjectOf = (path: string) => ({
  path,
  text: (body: unknown) => lineOfDeadLetter(decoded(DeadLetter, body)),
});

const ID = '0b9b4f9e-6a2c-4a57-8d4c-1f2f6f2f3b1d';

export const deadLettersNoun: Noun = {
  summary: 'messages that came to nothing: why, and what becomes of them',
  verbs: {
    list: verb({
      summary: 'messages that came to nothing, newest first',
      arguments: {
        state: one('state', choiceOf(STATES), `${STATES.join(', ')}; open unless told`),
        ...filterOptions,
        ...listOptions,
      },
      examples: ['dead-letters list', 'dead-letters list --queue commands.payment --reason-contains timeout'],
      run: ({ json, limit, ...filter }, world) => {
        const pages = world.admin.pages('/dead-letters', 'deadLetters', filter, limit);
        return list(
          { json },
          { pages, row: DeadLetter, columns: deadLetterColumns, of: 'dead letters' },
          world,
        );
      },
    }),
    show: verb({
      summary: 'a dead letter with its content',
      operand: 'id',
      arguments: { ...letter, ...answerOptions },
      examples: [`dead-letters show ${ID}`],
      run: async ({ id, ...how }, world) => {
        const { body } = await world.admin.get(`/dead-letters/${id}`);
        const texts = (shown: z.infer<typeof DeadLetter>) =>
          deadLetterText(shown, world.now(), world.terminal);
        return tell(body, how, { schema: DeadLetter, text: texts }, world);
      },
    }),
    requeue: verb({
      summary: 'sends a dead letter again, as it was or edited',
      operand: 'id',
      arguments: { ...letter, ...contentOptions, ...actionOptions, ...seenOptions },
      examples: [
        `dead-letters requeue ${ID} --reason 'the fix is deployed'`,
        `dead-letters requeue ${ID} --reason 'the quantity was text' --edit`,
        `dead-letters requeue ${ID} --reason 'the quantity was text' --content-file corrected.json --dry-run`,
      ],
      run: async ({ id, contentFile, edit, ...how }, world) => {
        const path = `/dead-letters/${id}`;
        const content = await contentOf({ path, contentFile, edit }, world);
        return act({ path: `${path}/requeue`, subject: subjectOf(path), body: content }, how, world);
      },
    }),
    'requeue-all': verb({
      summary: 'sends the open dead letters again that fulfil all of the filter',
      arguments: { ...filterOptions, ...boundOptions, ...actionOptions, ...sureOptions },
      examples: [
        `dead-letters requeue-all --queue commands.payment --reason 'the provider is back' --dry-run`,
      ],
      run: (given, world) => actOnMany('requeue', given, world),
    }),
    discard: verb({
      summary: 'gives a dead letter up for good',
      operand: 'id',
      arguments: { ...letter, ...actionOptions, ...seenOptions, ...sureOptions },
      examples: [`dead-letters discard ${ID} --reason 'a test message' --yes`],
      run: ({ id, ...how }, world) => {
        const path = `/dead-letters/${id}`;
        const question = 'Give it up for good?';
        return act({ path: `${path}/discard`, subject: subjectOf(path), question }, how, world);
      },
    }),
    'discard-all': verb({
      summary: 'gives the open dead letters up for good that fulfil all of the filter',
      arguments: { ...filterOptions, ...boundOptions, ...actionOptions, ...sureOptions },
      examples: [`dead-letters discard-all --type Unknown --reason 'of a test' --yes`],
      run: (given, world) => actOnMany('discard', given, world),
    }),
  },
};

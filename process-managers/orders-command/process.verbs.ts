import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { z } from 'zod';
import type { OperatorAction } from '../order-process/operator-actions.js';
import { type HowToAct, act } from './action.js';
import { decoded } from './api-answer.js';
import { Duration } from './durations.js';
import { list, tell } from './listing.js';
import { actionOptions, answerOptions, choiceOf, listOptions, seenOptions, sureOptions } from './options.js';
import { Explanation, Process, explanationText, lineOfProcess, processText } from './process.texts.js';
import { ProcessRow, processColumns } from './process.table.js';
import { type Noun, type Verb, one, verb } from './verb.js';
import type { World } from './world.js';

export const order = { order: one('order', OrderId, 'the id of the order') };

const STATES = [
  'OPEN',
  'STUCK',
  'NEEDS_INTERVENTION',
  'PAUSED',
  'QUARANTINED',
  'FULFILLING',
  'UNDOING',
  'DONE',
] as const;
const STAGES = [...ProcessStage.options, 'done'] as const;

const listVerb = verb({
  summary: 'order processes by state and age',
  arguments: {
    state: one('state', choiceOf(STATES), `${STATES.join(', ')}; STUCK do not go on by themselves`),
    stage: one('stage', choiceOf(STAGES), STAGES.join(', ')),
    search: one('text', z.string().optional(), 'the beginning of an order id, or a correlation id'),
    olderThan: one('duration', Duration.optional(), 'began at least so long ago, e.g. 2h'),
    inStageFor: one('duration', Duration.optional(), 'in its present stage for at least so long, e.g. 15m'),
    sort: one('order', choiceOf(['newest', 'oldest']), 'newest or oldest first; newest unless told'),
    ...listOptions,
  },
  examples: [
    'process list --state STUCK',
    'process list --stage shipment --in-stage-for 2d --sort oldest',
    'process list --state OPEN --limit all --json',
  ],
  run: ({ json, limit, olderThan, inStageFor, ...filter }, world) => {
    const query = { ...filter, olderThanSeconds: olderThan, inStageForSeconds: inStageFor };
    const pages = world.admin.pages('/processes', 'processes', query, limit);
    const listing = { pages, row: ProcessRow, columns: processColumns, of: 'processes' };
    return list({ json }, listing, world);
  },
});

const showVerb = verb({
  summary: 'what an order process knows, waits for, and has done',
  operand: 'order',
  arguments: { ...order, ...answerOptions },
  examples: ['process show 5f3c0e3e-5c0b-5b0e-9d0e-3b1f0e3e5c0b'],
  run: async ({ order: orderId, ...how }, world) => {
    const { body } = await world.admin.get(`/processes/${orderId}`);
    const text = (process: z.infer<typeof Process>) => processText(process, world.now(), world.terminal);
    return tell(body, how, { schema: Process, text }, world);
  },
});

const explainVerb = verb({
  summary: 'why an order process stands where it stands, and what can be done',
  operand: 'order',
  arguments: { ...order, ...answerOptions },
  examples: ['process explain 5f3c0e3e-5c0b-5b0e-9d0e-3b1f0e3e5c0b'],
  run: async ({ order: orderId, ...how }, world) => {
    const { body } = await world.admin.get(`/processes/${orderId}/explanation`);
    const text = (told: z.infer<typeof Explanation>) => explanationText(told, world.now(), world.terminal);
    return tell(body, how, { schema: Explanation, text }, world);
  },
});

interface ActionVerb {
  readonly summary: string;
  readonly description: string;
  readonly example: string;
}

const actionArguments = { ...order, ...actionOptions, ...seenOptions };

const revocable = (action: OperatorAction, { summary, description, example }: ActionVerb): Verb =>
  verb({
    ...{ summary, description, examples: [example] },
    operand: 'order',
    arguments: actionArguments,
    run: ({ order: orderId, ...how }, world) => actOn(orderId, action, how, world),
  });

const irrevocable = (
  action: OperatorAction,
  { summary, description, example, question }: ActionVerb & { readonly question: string },
): Verb =>
  verb({
    ...{ summary, description, examples: [example] },
    operand: 'order',
    arguments: { ...actionArguments, ...sureOptions },
    run: ({ order: orderId, ...how }, world) => actOn(orderId, action, { ...how, question }, world),
  });

function actOn(
  orderId: string,
  action: OperatorAction,
  { question, ...how }: HowToAct & { readonly question?: string },
  world: World,
): Promise<number> {
  const path = `/processes/${orderId}`;
  const subject = { path, text: (body: unknown) => lineOfProcess(decoded(Process, body), world.now()) };
  const asked = question === undefined ? {} : { question };
  return act({ path: `${path}/${action}`, subject, ...asked }, how, world);
}

const ORDER = '5f3c0e3e-5c0b-5b0e-9d0e-3b1f0e3e5c0b';

export const processNoun: Noun = {
  summary: 'order processes: what they wait for, and what can be done about it',
  verbs: {
    list: listVerb,
    show: showVerb,
    explain: explainVerb,
    pause: revocable('pause', {
      summary: 'lets a process stand still',
      description: 'It hears on, and asks for nothing; no deadline counts.',
      example: `process pause ${ORDER} --reason TICKET-4711`,
    }),
    resume: revocable('resume', {
      summary: 'lets a paused process go on',
      description: 'Its stage has all of its time anew.',
      example: `process resume ${ORDER} --reason 'TICKET-4711 is solved'`,
    }),
    retry: revocable('retry', {
      summary: 'asks at once for everything outstanding',
      description: 'What was refused as often as it is tried at all is tried as often again.',
      example: `process retry ${ORDER} --reason 'the provider is back' --dry-run`,
    }),
    compensate: irrevocable('compensate', {
      summary: 'gives back money and stock, and cancels the order',
      description: 'Whatever it has come to: where the goods have left, only the money is given back.',
      example: `process compensate ${ORDER} --reason 'the customer called' --yes`,
      question: 'Give back money and stock, and cancel the order?',
    }),
    resolve: irrevocable('resolve', {
      summary: 'says that what an operator was asked for has been seen to',
      description: 'A void or refund counts as made; an order that was shipped while it was undone is kept.',
      example: `process resolve ${ORDER} --reason 'paid back by bank transfer' --yes`,
      question: 'Has it been seen to?',
    }),
  },
};

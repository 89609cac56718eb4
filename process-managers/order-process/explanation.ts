import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { Finding } from '../quarantine/quarantine.table.js';
import type { OperatorAction } from './operator-actions.js';
import type { ChainLink, CommandView, ProcessView } from './process-view.js';

/** What its row tells of a process, and its quarantine: the stream does not know how often something was asked. */
export interface Circumstances {
  /** Undefined where the projection has not come by the process yet. */
  readonly asked: { readonly resends: number; readonly nextResendAt: string | null } | undefined;
  readonly quarantine: (Pick<Finding, 'reason' | 'newer'> & { readonly since: string }) | undefined;
}

/** What keeps a process from going on, and what an operator can do about it. */
export interface Obstacle {
  readonly what: 'PAUSED' | 'QUARANTINE' | 'INTERVENTION' | 'UNANSWERED';
  readonly because: string;
  readonly remedies: readonly (OperatorAction | 'release')[];
}

/** Why a process stands where it stands. */
export interface Explanation {
  readonly orderId: string;
  /** In one sentence. */
  readonly summary: string;
  readonly stage: ProcessView['stage'];
  readonly since: string;
  /** When the stage's time is over; null where no deadline runs. */
  readonly until: string | null;
  readonly waitsFor: readonly string[];
  readonly outstanding: readonly CommandView[];
  /** How often those were sent again, and when they are next; null where that is not known yet. */
  readonly sentAgain: number | null;
  readonly nextSentAt: string | null;
  readonly next: { readonly onAnswer: string; readonly onDeadline: string | null };
  readonly obstacles: readonly Obstacle[];
  /** What led here, in order: what it heard, and what that made it ask for. */
  readonly chain: readonly Link[];
}

export interface Link {
  readonly at: string;
  readonly what: string;
  readonly stage: ProcessView['stage'] | null;
  readonly askedFor: readonly string[];
}

/** So many repeats in vain are more than a server that was away for a moment. */
export const UNANSWERED_AFTER = 5;

type Told = Pick<ProcessView, 'knows' | 'undoReason'>;
interface Prospect {
  readonly waitsFor: (told: Told) => string[];
  readonly onAnswer: string;
  readonly onDeadline: string;
}

const provider = ({ knows: { terms } }: Told): string =>
  `the payment provider to ${terms.captureMethod === 'AUTOMATIC' ? 'charge' : 'authorise'} ${terms.total} ${terms.currency}`;
const stock = (statuses: readonly string[], what: string) => (told: Told) =>
  told.knows.reservations
    .filter(({ status }) => statuses.includes(status))
    .map(({ sku, quantity }) => `${quantity} of ${sku} to be ${what}`);
const askOperator = 'an operator is asked for (STAGE_OVERDUE); what is outstanding is asked for all the same';

const PROSPECTS: Readonly<Record<ProcessStage, Prospect>> = {
  payment: {
    waitsFor: (told) => [provider(told)],
    onAnswer:
      'reservation, or customerAction where the provider wants the customer to act; a decline rejects',
    onDeadline: 'the order is undone and rejected (PAYMENT_TIMED_OUT)',
  },
  customerAction: {
    waitsFor: ({ knows: { payment } }) => [
      payment.turn === 'declined customer'
        ? 'the customer to pay in another way, after a decline'
        : 'the customer to do what the provider wants of them',
    ],
    onAnswer: 'reservation; a decline leaves them the time that is left to pay in another way',
    onDeadline: 'the order is undone and rejected (PAYMENT_DECLINED or PAYMENT_TIMED_OUT)',
  },
  providerRetry: {
    waitsFor: () => ['the payment provider, which cannot be called'],
    onAnswer: 'payment or capture goes on',
    onDeadline: 'the order is undone and rejected (PAYMENT_TIMED_OUT)',
  },
  reservation: {
    waitsFor: stock(['unasked', 'asked', 'expired'], 'reserved'),
    onAnswer: 'capture where the money is only authorised, else confirmation; a refusal rejects the order',
    onDeadline: 'the order is undone and rejected (RESERVATION_TIMED_OUT)',
  },
  capture: {
    waitsFor: ({ knows: { terms } }) => [`the payment provider to capture ${terms.total} ${terms.currency}`],
    onAnswer: 'confirmation; what is refused three times undoes the order',
    onDeadline: 'the order is undone and rejected (PAYMENT_TIMED_OUT)',
  },
  confirmation: {
    waitsFor: (told) => [
      ...stock(['active'], 'confirmed')(told),
      ...(told.knows.order === 'placed' ? ['the order to be confirmed'] : []),
    ],
    onAnswer: 'shipment where a line must be shipped, else completion',
    onDeadline: askOperator,
  },
  shipment: {
    waitsFor: () => ['somebody to ship the goods (the mutation shipOrder)'],
    onAnswer: 'completion',
    onDeadline: askOperator,
  },
  completion: {
    waitsFor: (told) => [
      ...(told.knows.order === 'completed' ? [] : ['the order to be completed']),
      ...stock(['confirmed'], 'taken out of stock')(told),
    ],
    onAnswer: 'done, once all refunds that were asked for are made',
    onDeadline: askOperator,
  },
  refund: {
    waitsFor: () => ['the payment provider to refund what was asked for'],
    onAnswer: 'done',
    onDeadline: askOperator,
  },
  compensation: {
    waitsFor: (told) => [
      ...moneyToComeBack(told),
      ...stock(['asked', 'active', 'confirmed'], 'released')(told),
      `then, the order to be ${told.undoReason === 'CANCELLED' ? 'cancelled' : 'rejected'}`,
    ],
    onAnswer: 'done, once neither money nor stock is held',
    onDeadline: askOperator,
  },
};

function moneyToComeBack({ knows: { payment } }: Told): string[] {
  switch (payment.status) {
    case 'unsettled':
    case 'authorized':
      return ['the payment provider to void the payment'];
    case 'captured':
      return ['the payment provider to refund what was captured'];
    case 'declined':
    case 'voided':
    case 'expired':
      return [];
  }
}

export function explain(view: ProcessView, circumstances: Circumstances): Explanation {
  const { stage, deadline } = view;
  const prospect = stage === 'done' ? undefined : PROSPECTS[stage];
  const waitsFor = prospect?.waitsFor(view) ?? [];
  const obstacles = obstaclesOf(view, circumstances);
  return {
    orderId: view.orderId,
    summary: summaryOf(view, waitsFor, obstacles),
    stage,
    since: view.stages.at(-1)?.since ?? view.startedAt,
    until: deadline?.due ?? null,
    waitsFor,
    outstanding: view.outstanding,
    sentAgain: circumstances.asked?.resends ?? null,
    nextSentAt: circumstances.asked?.nextResendAt ?? null,
    next: {
      onAnswer: prospect?.onAnswer ?? 'nothing: what is heard late is undone',
      onDeadline: deadline ? (prospect?.onDeadline ?? null) : null,
    },
    obstacles,
    chain: view.chain.map(linkOf),
  };
}

function summaryOf(
  { stage, status }: ProcessView,
  waitsFor: readonly string[],
  [obstacle]: readonly Obstacle[],
): string {
  if (obstacle) return `It stands still in ${stage}: ${obstacle.because}`;
  if (stage === 'done') return 'It is done: nothing is waited for';
  const goal = status === 'UNDOING' ? 'It undoes the order, and waits for' : 'It waits for';
  return `${goal} ${waitsFor.join('; ')}`;
}

const INTERVENTIONS: Readonly<
  Record<string, readonly [because: string, remedies: readonly OperatorAction[]]>
> = {
  STAGE_OVERDUE: ['the stage took too long', ['retry', 'resolve', 'compensate']],
  VOID_FAILED: ['the provider refused the void as often as it is tried', ['retry', 'resolve']],
  REFUND_FAILED: ['the provider refused a refund as often as it is tried', ['retry', 'resolve']],
  SHIPPED_WHILE_UNDOING: ['the goods left while the order was being undone', ['compensate', 'resolve']],
};

function* obstacles(
  { paused, intervention, chain, outstanding }: ProcessView,
  { asked, quarantine }: Circumstances,
): Generator<Obstacle> {
  if (quarantine) {
    const hint = quarantine.newer ? ', which a newer build wrote' : '';
    const because = `it met what cannot be dealt with${hint}: ${quarantine.reason}`;
    yield { what: 'QUARANTINE', because, remedies: ['release'] };
  }
  // Whatever else keeps it, nothing can be done about that before.
  const orNothing = (remedies: readonly OperatorAction[]) => (quarantine ? [] : remedies);
  if (paused) {
    const by = chain.findLast(({ what }) => what === 'paused')?.by;
    yield {
      what: 'PAUSED',
      because: `it was paused (${by?.reason ?? 'no reason'})`,
      remedies: orNothing(['resume']),
    };
  }
  const known = intervention === null ? undefined : INTERVENTIONS[intervention];
  if (known) yield { what: 'INTERVENTION', because: known[0], remedies: orNothing(known[1]) };
  if (asked && asked.resends >= UNANSWERED_AFTER && outstanding.length > 0) {
    const because = `what it asks for was sent again ${asked.resends} times and not answered`;
    yield { what: 'UNANSWERED', because, remedies: orNothing(['retry']) };
  }
}

const obstaclesOf = (view: ProcessView, circumstances: Circumstances): readonly Obstacle[] => [
  ...obstacles(view, circumstances),
];

function linkOf({ recordedAt, what, heard, by, stage, asksFor }: ChainLink): Link {
  const happened = heard ? `heard ${heard.type}` : what;
  return {
    at: recordedAt,
    what: by ? `${happened} by ${by.actor}: ${by.reason}` : happened,
    stage,
    askedFor: asksFor.map(({ type, stream }) => `${type} ${stream}`),
  };
}

/**
 * What the provider's books and the stream of one payment tell differently, and what of that may be mended here.
 *
 * Mended is only what recording the provider's word mends: the order's process then hears of it like of any late
 * outcome, and undoes it or goes on. Nothing is asked of the provider. So not mended is
 * - what we have told others and the provider does not know (NOT_AT_PROVIDER): somebody has to find out why;
 * - another amount than the one that was asked for (AMOUNT_DIFFERS), or a success with such an amount: what we would
 *   record of it is not so;
 * - a success that no command of ours can name, e.g. a second capture: it is money that somebody has to look for.
 */
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { type PaymentState, type Terms, termsOf } from './payment.state.js';
import type { ProviderEntry, ProviderOutcome } from './provider.js';
import { type Call, type RecordedCall, neverAsked, recordedOf, successesOf } from './recorded-calls.js';

/**
 * `recorded` and `provider`: what each of the two says, in a few words. `repair`: what the provider says, where
 * recording it is all that has to be done here.
 */
export interface Difference extends Call {
  readonly kind: Extract<PaymentEvent, { type: 'PaymentDiscrepancyDetected' }>['data']['kind'];
  readonly recorded: string;
  readonly provider: string;
  readonly repair?: ProviderOutcome;
}

/** What changed at the provider a moment ago may be on its way to us. */
export const isUnderWay = (entries: readonly ProviderEntry[], graceMs: number): boolean =>
  entries.some(({ ageMs }) => ageMs < graceMs);

/** What moved money, or holds it. */
export const movesMoney = ({ operation, outcome }: ProviderEntry): boolean =>
  outcome.kind === 'succeeded' && operation !== 'void';

/** @param entries all that the provider has of this payment */
export function differences(entries: readonly ProviderEntry[], state: PaymentState): readonly Difference[] {
  const calls = groupsOf(entries);
  const terms = termsOf(state);
  if (!terms) {
    return calls
      .filter(({ successes }) => successes.some(movesMoney))
      .map((group) => notRecorded(group, neverAsked, amounts(group)));
  }
  return [
    ...calls.flatMap((group) => ofCall(group, recordedOf(group, state, terms), state, terms)),
    ...successesOf(state)
      .filter((call) => !calls.some((group) => nameOf(group) === nameOf(call)))
      .map((call) => notAtProvider(call, recordedOf(call, state, terms), 'no such call')),
    ...stillHeld(calls, state, terms),
  ];
}

/** Whether the stream says of the call what it said when the difference was found. */
export function isStillRecorded(difference: Difference, state: PaymentState): boolean {
  const terms = termsOf(state);
  if (!terms) return difference.recorded === neverAsked.words;
  const recorded = recordedOf(difference, state, terms);
  return (
    difference.recorded === (difference.kind === 'AMOUNT_DIFFERS' ? said(recorded, terms) : recorded.words)
  );
}

/** The entries of one call, and of whoever used its name besides. */
interface Group extends Call {
  readonly successes: readonly ProviderEntry[];
  /** What the call came to: its success, where it has one. */
  readonly outcome: ProviderOutcome;
}

/** As money moves: what is recorded of one may be what the next needs. */
const ORDER: readonly ProviderOperation[] = ['authorize', 'charge', 'capture', 'void', 'refund'];
const nameOf = ({ operation, attempt, refundId = '' }: Call): string =>
  [operation, refundId, attempt].join(':');

function groupsOf(entries: readonly ProviderEntry[]): Group[] {
  return Object.values(Object.groupBy(entries, nameOf))
    .flatMap((group = []) => {
      const successes = group.filter(({ outcome }) => outcome.kind === 'succeeded');
      const told = successes[0] ?? group[0];
      return told ? [{ ...callIn(told), outcome: told.outcome, successes }] : [];
    })
    .sort((left, right) => ORDER.indexOf(left.operation) - ORDER.indexOf(right.operation));
}

function ofCall(group: Group, recorded: RecordedCall, state: PaymentState, terms: Terms): Difference[] {
  const agrees = group.successes.length === 0 || isAmount(group, recorded.amount, terms.currency);
  const repair = agrees ? group.outcome : undefined;
  switch (recorded.status) {
    case 'pending':
      return group.outcome.kind === 'action-required'
        ? []
        : [notRecorded(group, recorded, words(group), repair)];
    case 'none':
      return group.successes.length === 0
        ? []
        : [
            notRecorded(
              group,
              recorded,
              words(group),
              isMendable(group, recorded, state) ? repair : undefined,
            ),
          ];
    case 'succeeded':
      if (group.successes.length === 0) return ofFailure(group, recorded, state);
      return agrees ? [] : [difference('AMOUNT_DIFFERS', group, said(recorded, terms), words(group))];
  }
}

/** The stream says that it succeeded. An authorisation that holds nothing any more is not asked about. */
function ofFailure(group: Group, recorded: RecordedCall, { status }: PaymentState): Difference[] {
  switch (group.operation) {
    case 'void':
      return [];
    case 'authorize':
      if (status !== 'authorized') return [];
      return group.outcome.kind === 'expired'
        ? [notRecorded(group, recorded, words(group), group.outcome)]
        : [notAtProvider(group, recorded, words(group))];
    case 'charge':
    case 'capture':
    case 'refund':
      return [notAtProvider(group, recorded, words(group))];
  }
}

/** The stream says that nothing is held any more, and the provider still holds it. */
function stillHeld(calls: readonly Group[], { status }: PaymentState, terms: Terms): Difference[] {
  const has = (operation: ProviderOperation) =>
    calls.some((group) => group.operation === operation && group.successes.length > 0);
  if (status !== 'voided' || !has('authorize') || has('void') || has('capture')) return [];
  const provider = `still holds ${money(terms.amount, terms.currency)}`;
  return [difference('NOT_AT_PROVIDER', { operation: 'void', attempt: 1 }, status, provider)];
}

/** A success can be recorded where it is known with what, and a void, which needs no amount, where there is a hold. */
const isMendable = ({ operation }: Group, { amount }: RecordedCall, { status }: PaymentState): boolean =>
  operation === 'void' ? status === 'authorized' : amount !== undefined;

/** Two successes under one name are not the amount that one would be. */
const isAmount = (group: Group, amount: number | undefined, currency: string): boolean =>
  amount === undefined || amounts(group) === money(amount, currency);

const callIn = ({ operation, attempt, refundId }: Call): Call => ({
  operation,
  attempt,
  ...(refundId === undefined ? {} : { refundId }),
});

const difference = (
  kind: Difference['kind'],
  call: Call,
  recorded: string,
  provider: string,
): Difference => ({ kind, ...callIn(call), recorded, provider });

const notAtProvider = (call: Call, recorded: RecordedCall, provider: string): Difference =>
  difference('NOT_AT_PROVIDER', call, recorded.words, provider);

function notRecorded(
  call: Call,
  recorded: RecordedCall,
  provider: string,
  repair?: ProviderOutcome,
): Difference {
  const found = difference('NOT_RECORDED', call, recorded.words, provider);
  return repair === undefined ? found : { ...found, repair };
}

const MOST_WORDS = 200;
const money = (amount: number, currency: string): string => `${amount} ${currency}`;
const said = ({ amount, words }: RecordedCall, { currency }: Terms): string =>
  amount === undefined ? words : money(amount, currency);
const amounts = ({ successes }: Group): string =>
  successes
    .map(({ amount, currency }) => money(amount, currency))
    .join(' and ')
    .slice(0, MOST_WORDS);

/** What the provider says, in a few. */
function words(group: Group): string {
  if (group.successes.length > 0) return amounts(group);
  const { outcome } = group;
  return outcome.kind === 'failed' ? `failed: ${outcome.code}`.slice(0, MOST_WORDS) : outcome.kind;
}

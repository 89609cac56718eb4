import {
  type DeadLettersEvent,
  type SeenLetter,
} from '@orders/shared-events/contracts/deadLetters.events.js';
import { requestIdOf } from '@orders/shared-events/contracts/ids.js';
import type { OperatorRequest } from '../operator-request.js';
import { type RequestLog, type Requested, firstOf, isSameRequest, requestedBefore } from '../requests.js';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from './dead-letters.table.js';
import { type KeptLetter, NotRequeueable, type Requeued, requeued } from './requeue.js';

/** What is to become of letters. */
export type Verdict = { readonly kind: 'requeue'; readonly edited?: Buffer } | { readonly kind: 'discard' };

/** A letter, and its message where one goes out. */
export interface Sending {
  readonly letterId: string;
  readonly message: Requeued;
}

export interface DeadLettersPlan extends Requested {
  readonly sends: readonly Sending[];
}

export type DeadLettersOutcome =
  | { readonly outcome: 'planned' | 'done' | 'repeated'; readonly plan: DeadLettersPlan }
  | { readonly outcome: 'not found' | 'settled' | 'key reused' | 'none' }
  | { readonly outcome: 'stale'; readonly version: number }
  | { readonly outcome: 'not requeueable'; readonly why: string };

type Kept = KeptLetter & Pick<DeadLetter, 'state' | 'version'>;

export interface Decision {
  readonly verdict: Verdict;
  readonly request: OperatorRequest;
  readonly dryRun: boolean;
}

const CATEGORY = 'deadLetters';

/**
 * Records what operators decide about dead letters: an event in a stream of the request, which names the letters as they
 * were seen. Whoever follows those streams does what they say.
 */
export class DeadLetterRequests {
  constructor(
    private readonly log: RequestLog,
    private readonly letters: DeadLetters,
    private readonly now: () => string,
  ) {}

  /** @param ifVersion of the letter, as the caller knows it; undefined: whatever it is */
  async one(id: string, decision: Decision, ifVersion: number | undefined): Promise<DeadLettersOutcome> {
    const repeated = await this.#before(decision, (event) => event.data.letters[0]?.id === id);
    if (repeated) return repeated;
    const [letter] = await this.letters.kept([id]);
    if (!letter) return { outcome: 'not found' };
    const { version, state } = letter;
    if (ifVersion !== undefined && ifVersion !== version) return { outcome: 'stale', version };
    if (state !== 'open') return { outcome: 'settled' };
    return this.#record([letter], decision, undefined);
  }

  /** Of those that are open and have that in common, so many at most, the newest first. */
  async all(filter: DeadLetterFilter, limit: number, decision: Decision): Promise<DeadLettersOutcome> {
    const selection = inWords(filter);
    const repeated = await this.#before(decision, (event) => event.data.selection === selection);
    if (repeated) return repeated;
    const found = await this.letters.list(limit, undefined, { ...filter, state: 'open' });
    const letters = await this.letters.kept(found.map(({ id }) => id));
    const meant = decision.verdict.kind === 'discard' ? letters : letters.filter(isRequeueable(this.now()));
    return meant.length === 0 ? { outcome: 'none' } : this.#record(meant, decision, selection);
  }

  async #before(
    { verdict, request }: Decision,
    isSame: (event: DeadLettersEvent) => boolean,
  ): Promise<DeadLettersOutcome | undefined> {
    const requestId = requestIdOf(CATEGORY, request.key);
    const earlier = await requestedBefore(this.log, CATEGORY, requestId);
    if (!earlier) return undefined;
    const event = earlier.event as unknown as DeadLettersEvent;
    const asked = firstOf(CATEGORY, requestId, eventOf(verdict, requestId, event.data.letters), request, '');
    if (!isSameRequest(earlier, asked) || !isSame(event)) return { outcome: 'key reused' };
    const letters = await this.letters.kept(event.data.letters.map(({ id }) => id));
    const edited = await this.letters.editOf(requestId);
    return {
      outcome: 'repeated',
      plan: { ...earlier, sends: sendsOf(letters, withEdit(verdict, edited), this.now()) },
    };
  }

  async #record(
    letters: readonly Kept[],
    { verdict, request, dryRun }: Decision,
    selection: string | undefined,
  ): Promise<DeadLettersOutcome> {
    const now = this.now();
    const requestId = requestIdOf(CATEGORY, request.key);
    const sends = planned(() => sendsOf(letters, verdict, now));
    if (sends instanceof NotRequeueable) return { outcome: 'not requeueable', why: sends.message };
    const seen = letters.map(({ id, version }) => ({ id, version }));
    const event = eventOf(verdict, requestId, seen, selection);
    const plan = { ...firstOf(CATEGORY, requestId, event, request, now), sends };
    if (dryRun) return { outcome: 'planned', plan };
    // Before the event: whoever follows it finds what it speaks of.
    if (verdict.kind === 'requeue' && verdict.edited) await this.letters.keepEdit(requestId, verdict.edited);
    const { outcome } = await this.log.append(plan.stream, 'no_stream', [plan.event]);
    return outcome === 'appended' ? { outcome: 'done', plan } : { outcome: 'key reused' };
  }
}

const withEdit = (verdict: Verdict, edited: Buffer | undefined): Verdict =>
  verdict.kind === 'requeue' && edited ? { ...verdict, edited } : verdict;

function planned<Result>(work: () => Result): Result | NotRequeueable {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotRequeueable) return error;
    throw error;
  }
}

const isRequeueable = (now: string) => (letter: KeptLetter) =>
  !(planned(() => requeued(letter, undefined, now)) instanceof NotRequeueable);

const sendsOf = (letters: readonly KeptLetter[], verdict: Verdict, now: string): readonly Sending[] =>
  verdict.kind === 'discard'
    ? []
    : letters.map((letter) => ({ letterId: letter.id, message: requeued(letter, verdict.edited, now) }));

function eventOf(
  verdict: Verdict,
  requestId: string,
  letters: SeenLetter[],
  selection?: string,
): DeadLettersEvent {
  const data = { requestId, letters, ...(selection === undefined ? {} : { selection }) };
  return verdict.kind === 'discard'
    ? { type: 'DeadLettersDiscarded', data }
    : { type: 'DeadLettersRequeued', data: { ...data, edited: verdict.edited !== undefined } };
}

const inWords = (filter: DeadLetterFilter): string =>
  Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort()
    .join(' ');

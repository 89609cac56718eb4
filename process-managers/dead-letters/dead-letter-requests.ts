import type { DeadLettersEvent } from '@orders/shared-events/contracts/deadLetters.events.js';
import { requestIdOf } from '@orders/shared-events/contracts/ids.js';
import type { OperatorRequest } from '../operator-request.js';
import {
  type IsSame,
  type RequestLog,
  type Requested,
  type Standing,
  firstOf,
  isRequestFor,
  record,
  requestedBefore,
  standing,
} from '../requests.js';
import { type DeadLetter, type DeadLetterFilter, type DeadLetters, digestOf } from './dead-letters.table.js';
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
    const isSame = isDecision(decision, ({ selection, letters }) => !selection && letters[0]?.id === id);
    const repeated = await this.#before(decision, isSame);
    if (repeated) return repeated;
    const [letter] = await this.letters.kept([id]);
    if (!letter) return { outcome: 'not found' };
    const { version, state } = letter;
    if (ifVersion !== undefined && ifVersion !== version) return { outcome: 'stale', version };
    if (state !== 'open') return { outcome: 'settled' };
    return this.#record([letter], decision, isSame);
  }

  /** Of those that are open and have that in common, so many at most, the newest first. */
  async all(filter: DeadLetterFilter, limit: number, decision: Decision): Promise<DeadLettersOutcome> {
    const selection = inWords(filter);
    const isSame = isDecision(decision, (stands) => stands.selection === selection);
    const repeated = await this.#before(decision, isSame);
    if (repeated) return repeated;
    const found = await this.letters.list(limit, undefined, { ...filter, state: 'open' });
    const letters = await this.letters.kept(found.map(({ id }) => id));
    const meant = decision.verdict.kind === 'discard' ? letters : letters.filter(isRequeueable(this.now()));
    return meant.length === 0 ? { outcome: 'none' } : this.#record(meant, decision, isSame, selection);
  }

  async #before({ request }: Decision, isSame: IsSame): Promise<DeadLettersOutcome | undefined> {
    const earlier = await requestedBefore(this.log, CATEGORY, requestIdOf(CATEGORY, request.key));
    return earlier && this.#repeated(standing(earlier, isSame));
  }

  async #record(
    letters: readonly Kept[],
    { verdict, request, dryRun }: Decision,
    isSame: IsSame,
    selection?: string,
  ): Promise<DeadLettersOutcome> {
    const now = this.now();
    const requestId = requestIdOf(CATEGORY, request.key);
    const sends = planned(() => sendsOf(letters, verdict, now));
    if (sends instanceof NotRequeueable) return { outcome: 'not requeueable', why: sends.message };
    const seen = letters.map(({ id, version }) => ({ id, version }));
    const event = eventOf(verdict, {
      requestId,
      letters: seen,
      ...(selection !== undefined && { selection }),
    });
    const requested = firstOf(CATEGORY, requestId, event, request, now);
    if (dryRun) return { outcome: 'planned', plan: { ...requested, sends } };
    // Before the event: whoever follows it finds what it speaks of.
    if (verdict.kind === 'requeue' && verdict.edited) await this.letters.keepEdit(requestId, verdict.edited);
    const recorded = await record(this.log, requested, isSame);
    return recorded.outcome === 'done'
      ? { outcome: 'done', plan: { ...requested, sends } }
      : this.#repeated(recorded);
  }

  async #repeated(stands: Standing): Promise<DeadLettersOutcome> {
    if (stands.outcome !== 'repeated') return { outcome: 'key reused' };
    const sends = await this.#sendsOf(stands.requested.event as unknown as DeadLettersEvent);
    return { outcome: 'repeated', plan: { ...stands.requested, sends } };
  }

  /** What went out or will, of what is still there to tell it by. */
  async #sendsOf(event: DeadLettersEvent): Promise<readonly Sending[]> {
    if (event.type === 'DeadLettersDiscarded') return [];
    const { requestId, letters, edited: isEdited, contentSha256 } = event.data;
    const edited = isEdited ? await this.letters.editOf(requestId, contentSha256) : undefined;
    if (isEdited && !edited) return [];
    const kept = await this.letters.kept(letters.map(({ id }) => id));
    return kept.flatMap((letter) => {
      const message = planned(() => requeued(letter, edited, this.now()));
      return message instanceof NotRequeueable ? [] : [{ letterId: letter.id, message }];
    });
  }
}

/** Which letters are meant tells who asks; and what stands says the same about them, down to the content. */
function isDecision(
  { verdict, request }: Decision,
  isAbout: (stands: DeadLettersEvent['data']) => boolean,
): IsSame {
  const { type, data: asked } = eventOf(verdict, { requestId: '', letters: [] });
  const isAsked = isRequestFor(type, request);
  return (stands) => {
    const data = stands.event.data as unknown as DeadLettersEvent['data'];
    return isAsked(stands) && isAbout(data) && contentIn(data) === contentIn(asked);
  };
}

const contentIn = (data: DeadLettersEvent['data']): string | undefined =>
  'contentSha256' in data ? data.contentSha256 : undefined;

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
  about: Extract<DeadLettersEvent, { type: 'DeadLettersDiscarded' }>['data'],
): DeadLettersEvent {
  if (verdict.kind === 'discard') return { type: 'DeadLettersDiscarded', data: about };
  const { edited } = verdict;
  const content = edited ? { edited: true, contentSha256: digestOf(edited) } : { edited: false };
  return { type: 'DeadLettersRequeued', data: { ...about, ...content } };
}

const inWords = (filter: DeadLetterFilter): string =>
  Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort()
    .join(' ');

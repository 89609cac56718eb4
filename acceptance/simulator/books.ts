import { callOf } from '@orders/command-side/payment/owed-calls.js';
import type { ChangedEntries, ProviderBooks, ProviderEntry } from '@orders/command-side/payment/provider.js';
import type { PaymentId } from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import type { Ledger, LedgerEntry } from './ledger.js';
import type { Life } from './life.js';
import { type ProviderParts, notReached, outcomeOf } from './provider.js';

/** When the last entry before had changed, and its key. */
const Cursor = z.tuple([z.number(), z.string()]);
type Cursor = z.infer<typeof Cursor>;

/** What the provider tells of its ledger, by the rules of the product's `SimulatedBooks`. */
export class Books {
  constructor(
    private readonly ledger: Ledger,
    private readonly now: () => number,
  ) {}

  list(paymentIds: readonly string[]): ProviderEntry[] {
    const entries = paymentIds.flatMap((paymentId) => this.ledger.of(paymentId));
    return entries.filter(isTold).map((entry) => asTold(entry, this.now()));
  }

  changes(cursor: string | undefined, minAgeMs: number, limit: number): ChangedEntries | undefined {
    const latest = this.now() - minAgeMs;
    const changed = this.ledger.entries
      .filter((entry) => isTold(entry) && entry.changedAt <= latest && !isUpTo(entry, cursor))
      .sort(asChanged)
      .slice(0, limit);
    const last = changed.at(-1);
    return last && { entries: changed.map((entry) => asTold(entry, this.now())), cursor: cursorAt(last) };
  }
}

/** The books as one process reaches them. */
export class RemoteBooks implements ProviderBooks {
  readonly #books: Books;

  constructor(
    private readonly parts: Pick<ProviderParts, 'ledger' | 'clock' | 'network'>,
    private readonly life: Life,
  ) {
    this.#books = new Books(parts.ledger, () => parts.clock.now);
  }

  list: ProviderBooks['list'] = (paymentIds: readonly PaymentId[]) =>
    this.#ask('list', () => this.#books.list(paymentIds));

  changes: ProviderBooks['changes'] = (...behind) =>
    this.#ask('changes', () => this.#books.changes(...behind));

  #ask<Answer>(what: string, answer: () => Answer): Promise<Answer> {
    return this.parts.network.request(this.life, 'books', `${what} of ${this.life.name}`, answer, notReached);
  }
}

/** Not what never arrived, or waits for the customer. */
export const isTold = ({ outcome }: LedgerEntry): boolean =>
  outcome !== 'lost' && outcome !== 'action_required';

/** A void closes the key of a call that has not come: what an entry names stands in its key. */
function asTold(entry: LedgerEntry, now: number): ProviderEntry {
  const { key, paymentId, orderId, operation, amount, currency } = entry.call;
  const { attempt, refundId } = callOf(key) ?? { attempt: 1 };
  return {
    ...{ paymentId, orderId, operation, attempt, amount, currency },
    ...(refundId === undefined ? {} : { refundId }),
    ...{ outcome: outcomeOf(entry), ageMs: now - entry.changedAt },
  };
}

/** Whether it is not behind the cursor. */
export function isUpTo(entry: LedgerEntry, cursor: string | undefined): boolean {
  if (cursor === undefined) return false;
  const [changedAt, key] = Cursor.parse(JSON.parse(cursor));
  return entry.changedAt < changedAt || (entry.changedAt === changedAt && entry.call.key <= key);
}

const cursorAt = ({ changedAt, call: { key } }: LedgerEntry): string =>
  JSON.stringify([changedAt, key] satisfies Cursor);

const asChanged = (one: LedgerEntry, other: LedgerEntry): number =>
  one.changedAt - other.changedAt || (one.call.key < other.call.key ? -1 : 1);

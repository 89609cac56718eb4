import { listensTo } from '@orders/process-managers/order-process/news.js';
import { UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import { hasCause } from './causes.js';
import { differencesOf, inWords } from './compared.js';
import type { Database } from './database.js';
import type { EventLog } from './event-log.js';
import { type OrderFacts, isKept, isOver, sumOf } from './facts.js';
import type { Books } from './safety.js';
import type { Report } from './violation.js';

export interface EndBooks extends Books {
  readonly log: EventLog;
  readonly database: Database;
  readonly nameOf: (stream: string) => string;
  /** Types of the events that the outside should hear of and was not told of, by their ids. */
  readonly untold: ReadonlyMap<string, string>;
  /** What was asked, and never answered. */
  readonly unanswered: readonly string[];
}

type Rejected = Extract<OrderEvent, { type: 'OrderRejected' }>['data'];
type Rule = (books: EndBooks, complain: (what: string) => void) => void;

const nameOf = ({ nameOf }: EndBooks, { orderId }: OrderFacts): string => nameOf(`order-${orderId}`);

/** What must hold once everything has come to rest. */
const rules: Readonly<Record<string, Rule>> = {
  'every order comes to its end': (books, complain) => {
    for (const order of books.facts.orders.values()) {
      const process = books.database.processes.get(order.orderId);
      if (!isOver(order)) complain(`${nameOf(books, order)} is ${order.status}`);
      if (process?.status !== 'DONE')
        complain(`${nameOf(books, order)}: its process is ${describe(process)}`);
      else if (process.pending !== '[]') complain(`${nameOf(books, order)}: its process still asks`);
      if (order.cancellationRequested && isKept(order))
        complain(`${nameOf(books, order)} is ${order.status} although its cancellation was accepted`);
    }
  },
  'whoever asks is answered': ({ unanswered }, complain) => {
    for (const what of unanswered) complain(what);
  },
  'every process has heard everything': (books, complain) => {
    for (const order of behindTheLog(books)) complain(nameOf(books, order));
  },
  'no order is rejected without a cause': ({ log, database, nameOf }, complain) => {
    for (const [index, { type, data, streamId }] of log.events.entries()) {
      if (type !== 'OrderRejected') continue;
      const { orderId, reason } = data as Rejected;
      const past = { log: log.events.slice(0, index), orderId, dueAt: database.dueAt };
      if (!hasCause(past, reason)) complain(`${nameOf(streamId)}: ${reason}`);
    }
  },
  'captured less refunded is the total of the orders that were kept': (books, complain) => {
    for (const order of books.facts.orders.values()) {
      const { paymentId, refunds } = books.facts.payment(order.orderId);
      const { captured, refunded } = books.ledger.holdings(paymentId);
      const isForced = books.facts.forced.has(order.orderId);
      const onRequest = [...refunds].map(([refundId, amount]) =>
        refundId === UNDO_REFUND_ID && !isForced ? 0 : amount,
      );
      const kept = isKept(order) ? order.total - sumOf(onRequest) : 0;
      if (captured - refunded !== kept)
        complain(`${nameOf(books, order)} is ${order.status}: ${captured} - ${refunded} is not ${kept}`);
    }
  },
  'the log and the provider agree': (books, complain) => {
    for (const order of books.facts.orders.values()) {
      const { paymentId, captured, refunds } = books.facts.payment(order.orderId);
      const done = books.ledger.holdings(paymentId);
      if (captured !== done.captured)
        complain(`${nameOf(books, order)}: captured ${captured}, by the provider ${done.captured}`);
      if (sumOf(refunds.values()) !== done.refunded)
        complain(
          `${nameOf(books, order)}: refunded ${sumOf(refunds.values())}, by the provider ${done.refunded}`,
        );
      if (done.held > 0) complain(`${nameOf(books, order)}: the provider holds ${done.held} for ever`);
    }
  },
  'a refund that was asked for is made': (books, complain) => {
    for (const order of books.facts.orders.values()) {
      const { refundsAsked, refunds } = books.facts.payment(order.orderId);
      for (const [refundId, amount] of refundsAsked) {
        if (refunds.get(refundId) !== amount)
          complain(`${nameOf(books, order)}: ${refundId}: ${refunds.get(refundId) ?? 0} of ${amount}`);
      }
    }
  },
  'stock is conserved': (books, complain) => {
    for (const [sku, { onHand, gained, open, committed }] of books.facts.stocks) {
      if (open.size > 0) complain(`${sku}: ${open.size} reservations are open`);
      const left = sumOf(committed.values());
      if (onHand !== gained - left) complain(`${sku}: ${gained} - ${left} is not ${onHand}`);
      for (const order of books.facts.orders.values()) {
        const sold = isKept(order) ? (order.quantities.get(sku) ?? 0) : 0;
        const went = committed.get(order.orderId) ?? 0;
        if (went !== sold)
          complain(`${sku}: ${went} pieces left for ${nameOf(books, order)}, which is ${order.status}`);
      }
    }
  },
  'nothing waits for somebody to look': ({ database }, complain) => {
    for (const { reason } of database.quarantine.values()) complain(`in quarantine: ${reason}`);
    for (const { awaits, outcome } of database.parked.values())
      if (outcome === undefined) complain(`parked: nothing came in ${awaits}`);
    for (const { queue, reason } of database.deadLetters)
      complain(`${queue}: dead letter: ${String(reason)}`);
  },
  'the outside is told of everything': ({ untold }, complain) => {
    for (const type of untold.values()) complain(type);
  },
  'a comparison with the provider’s books finds nothing': (books, complain) => {
    for (const order of books.facts.orders.values()) {
      for (const difference of differencesOf(books.facts.payment(order.orderId).paymentId, books))
        complain(`${nameOf(books, order)}: ${inWords(difference)}`);
    }
  },
};

/** Orders whose processes have not heard everything of theirs. */
export function behindTheLog({
  log,
  facts,
  database,
}: Pick<EndBooks, 'log' | 'facts' | 'database'>): readonly OrderFacts[] {
  const last = new Map<string, bigint>();
  for (const { type, data, position } of log.events) {
    const { orderId } = data as { readonly orderId?: string };
    if (orderId !== undefined && listensTo(type)) last.set(orderId, position);
  }
  return [...facts.orders.values()].filter(
    ({ orderId }) => database.processes.get(orderId)?.heardPosition !== last.get(orderId),
  );
}

const describe = (process: { readonly stage: string; readonly pending: string } | undefined): string =>
  process ? `in ${process.stage}, and asks ${process.pending}` : 'missing';

export const endRules: readonly string[] = Object.keys(rules);

export function checkEnds(books: EndBooks, report: Report): void {
  for (const [rule, check] of Object.entries(rules)) check(books, (what) => report(rule, what));
}

import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ProviderCall } from '@orders/command-side/payment/owed-calls.js';
import { TOTAL, anOrder } from '@orders/process-managers/testing/order-story.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import {
  Sku,
  eventIdOf,
  orderStream,
  paymentStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import { Currency } from '@orders/shared-events/contracts/money.js';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { Database } from './database.js';
import { type EndBooks, checkEnds, endRules } from './ends.js';
import { EventLog } from './event-log.js';
import { Facts } from './facts.js';
import { Ledger } from './ledger.js';
import type { ProcessRow } from './processes.statements.js';
import { Safety, eventRules } from './safety.js';

const order = anOrder();
const { orderId, paymentId } = order;
const sku = Sku.parse('SKU-A');
const ids = { orderId, paymentId };

/** Something that happens: an event, a call that the provider carries out, or what is left behind at the end. */
type Deed = DomainEvent | ProviderCall | { readonly leaves: Partial<EndBooks> };

const call = (operation: ProviderOperation, amount = TOTAL, attempt = 1): ProviderCall => ({
  ...{ ...ids, operation, amount, attempt, currency: Currency.parse('EUR'), paymentMethod: 'pm_approve' },
  ...(operation === 'refund' ? { refundId: 'r-1' } : {}),
  key: [paymentId, operation, ...(operation === 'refund' ? ['r-1'] : []), attempt].join(':'),
  authorizationKey: `${paymentId}:charge:1`,
});

const received = (quantity = 5): DomainEvent => ({
  type: 'StockReceived',
  data: { sku, receiptId: 'receipt-1', quantity },
});
const adjusted = (delta: number): DomainEvent => ({
  type: 'StockAdjusted',
  data: { sku, adjustmentId: 'adjustment-1', delta, reason: 'stocktaking' },
});
const placed: readonly Deed[] = [received(), order.placed, order.requested];
const paid: readonly Deed[] = [...placed, call('charge'), order.captured];
const confirmed: readonly Deed[] = [...paid, order.reserved(), order.firm(), order.confirmed];
/** An order whose way nothing is wrong with. */
const completed: readonly Deed[] = [...confirmed, order.completed, order.committed()];

const streamOf = ({ type }: DomainEvent): string =>
  type.startsWith('Stock')
    ? stockStream(sku)
    : type.startsWith('Order')
      ? orderStream(orderId)
      : paymentStream(paymentId);

let broken: string[];
let log: EventLog;
let safety: Safety;
let commandId: string;
let eventId: (command: string) => string;
beforeEach(() => {
  broken = [];
  commandId = '';
  eventId = (command) => eventIdOf(command, 0);
});

/** The rules that are broken by then. */
function after(deeds: readonly Deed[]): string[] {
  const report = (rule: string): void => void broken.push(rule);
  const facts = new Facts();
  const ledger = new Ledger(
    () => 0,
    (entry) => safety.decided(entry),
  );
  safety = new Safety({ facts, ledger }, (name) => name, report, true);
  log = new EventLog(
    () => 0,
    (stream, events) => {
      for (const event of events) {
        safety.before(event);
        facts.take(event);
      }
      safety.appended(stream, events);
    },
  );
  const database = new Database({ now: () => 0, random: Math.random });
  let left: Partial<EndBooks> = {};
  for (const deed of deeds) {
    if ('leaves' in deed) left = { ...left, ...deed.leaves };
    else if ('key' in deed) ledger.call(deed, { outcome: 'succeeded' });
    else append(deed);
  }
  const isOver = ['completed', 'rejected', 'cancelled'].includes(facts.orders.get(orderId)?.status ?? '');
  const heardPosition = log.events.findLast(({ data }) => 'orderId' in (data as object))?.position;
  const row = { status: isOver ? 'DONE' : 'FULFILLING', pending: '[]', heardPosition };
  database.processes.set(orderId, row as ProcessRow);
  const books = { facts, ledger, log, database, nameOf: (name: string) => name };
  checkEnds({ ...books, untold: new Map(), unanswered: [], ...left }, report);
  return broken;
}

function append(event: DomainEvent): void {
  const stream = streamOf(event);
  const command = commandId || randomUUID();
  const head = log.stream(stream).at(-1)?.revision ?? 'no_stream';
  const { type, data } = event;
  log.append(stream, head, [{ id: eventId(command), type, data, metadata: { commandId: command } }]);
}

/** For each rule what breaks it, beside what it may break besides. */
const cases: Readonly<Record<string, () => readonly Deed[]>> = {
  'every order comes to its end': () => confirmed,
  'whoever asks is answered': () => [...completed, { leaves: { unanswered: ['cancel order 1'] } }],
  'every process has heard everything': () => {
    const database = new Database({ now: () => 0, random: Math.random });
    const row = { status: 'DONE', pending: '[]', heardPosition: 1n };
    database.processes.set(orderId, row as ProcessRow);
    return [...completed, { leaves: { database } }];
  },
  'no order is rejected without a cause': () => [
    ...[received(), order.placed, order.voided, order.released()],
    order.rejected('OUT_OF_STOCK'),
  ],
  'captured less refunded is the total of the orders that were kept': () => [
    ...completed,
    call('refund', 100),
  ],
  'the log and the provider agree': () => [...completed, call('refund', 100)],
  'a refund that was asked for is made': () => [...completed, order.refundRequested('r-1', 100)],
  'stock is conserved': () => [...confirmed, order.completed],
  'nothing waits for somebody to look': () => {
    const database = new Database({ now: () => 0, random: Math.random });
    database.quarantine.set(orderId, { partition: 1, position: 1n, reason: 'unreadable', newer: false });
    return [...completed, { leaves: { database } }];
  },
  'the outside is told of everything': () => [
    ...completed,
    { leaves: { untold: new Map([['1', 'OrderCompleted']]) } },
  ],
  'a comparison with the provider’s books finds nothing': () => [...completed, call('refund', 100)],
  'a confirmed order has its money and its stock is firm': () => [
    ...[...placed, order.reserved(), order.firm()],
    order.confirmed,
  ],
  'an order is not called off while money or stock is held': () => [...paid, order.rejected('OUT_OF_STOCK')],
  'captured is at most what was asked for': () => [
    ...[...placed, call('charge', TOTAL + 1)],
    { ...order.captured, data: { ...order.captured.data, amount: TOTAL + 1 } },
  ],
  'refunded is at most captured': () => [...completed, order.refundRequested('r-1', TOTAL + 1)],
  'what the log says of money the provider has done': () => [...placed, order.captured],
  'the provider does nothing that nobody asked for': () => [...completed, order.unmatched],
  'stock is never promised twice': () => [received(1), order.placed, order.reserved(), adjusted(-1)],
  'only what was kept leaves the house': () => [...paid, order.reserved(), order.firm(), order.committed()],
  'an order that is over stays as it is': () => [...completed, order.cancelled],
  'what is given back was held, and what is held was not': () => [...placed, order.released()],
  'what has a name of its own is recorded once': () => [...completed, received()],
  'the provider does nothing twice': () => [...completed, call('charge', TOTAL, 2)],
  'the provider is not asked for what nobody may want': () => [...completed, call('refund', TOTAL + 1)],
};

describe('a rule of the simulator', () => {
  it('holds where nothing is wrong', () => {
    expect(after(completed)).toEqual([]);
  });

  it.each(Object.keys(cases))('is broken: %s', (rule) => {
    expect(after(cases[rule]!())).toContain(rule);
  });

  it('is broken where a command takes effect twice', () => {
    commandId = randomUUID();
    let times = 0;
    eventId = (command) => eventIdOf(command, times++);
    expect(after([received(), adjusted(1)])).toContain('nothing takes effect twice');
  });

  it('is broken where an event is not named after its command', () => {
    eventId = () => randomUUID();
    expect(after([received()])).toContain('an event is named after its command');
  });

  it('has a case here, each of them', () => {
    expect(Object.keys(cases)).toEqual(expect.arrayContaining([...endRules, ...eventRules]));
  });
});

import { type Folded, decideAll } from '@orders/command-side/batch.js';
import { type StockCommand, type StockState, stock } from '@orders/command-side/stock/stock.js';
import type { Addressed, NewEvent } from '@orders/shared-events/contracts/envelope.js';
import {
  CommandId,
  OrderId,
  type ReservationId,
  type Sku,
  reservationIdOf,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';

const BEGUN_AT = '2026-01-01T00:00:00.000Z';
/** As long as a reservation of the order process stands. */
const WINDOW_MS = 300_000;
const SALES_A_RECEIPT = 100;
const SALES_A_STOCKTAKING = 1_000;
/** A sale is shipped when so many more have been made. */
const UNSHIPPED = 20;
/** In each receipt: more than is sold until the next. */
const QUANTITY = 10_000;

interface Sale {
  readonly sku: Sku;
  readonly orderId: OrderId;
  readonly reservationId: ReservationId;
}

export function aSale(sku: Sku): Sale {
  const orderId = OrderId.parse(crypto.randomUUID());
  return { sku, orderId, reservationId: reservationIdOf(orderId, sku) };
}

export const addressed = (sku: Sku, command: StockCommand): Addressed<StockCommand> => ({
  commandId: CommandId.parse(crypto.randomUUID()),
  stream: stockStream(sku),
  command,
  origin: { correlationId: 'bench', causationId: 'bench', actor: { kind: 'system', subject: 'bench' } },
});

export const reserve = (sale: Sale, now: string): StockCommand => ({
  type: 'ReserveStock',
  data: { ...sale, quantity: 1, expiresAt: later(now, WINDOW_MS) },
});

/**
 * The first so many events of a stock item that sells, as its decider writes them. Throws where a command changes
 * nothing.
 * @param saleMs from one sale to the next
 */
export function stockHistory(sku: Sku, events: number, saleMs: number): NewEvent[] {
  const written: NewEvent[] = [];
  let folded: Folded<StockState> = {
    state: stock.initialState,
    revision: undefined,
    position: 0n,
    readAt: 0,
  };
  for (const { command, now } of life(sku, saleMs)) {
    const decided = decideAll(stock, [addressed(sku, command)], folded, new Date(now));
    if (decided.events.length === 0) throw new Error(`${command.type} changed nothing`);
    written.push(...decided.events);
    folded = { ...folded, state: decided.state };
    if (written.length >= events) break;
  }
  return written;
}

/** Goods come in, are sold, reserved, confirmed, shipped a little later, and counted now and then. For ever. */
function* life(
  sku: Sku,
  saleMs: number,
): Generator<{ readonly command: StockCommand; readonly now: string }> {
  const unshipped: Sale[] = [];
  for (let number = 0; ; number++) {
    const now = later(BEGUN_AT, number * saleMs);
    const at = (command: StockCommand) => ({ command, now });
    if (number % SALES_A_RECEIPT === 0) yield at(receive(sku));
    if (number % SALES_A_STOCKTAKING === 0) yield at(count(sku));
    const sale = aSale(sku);
    yield at(reserve(sale, now));
    yield at({ type: 'ConfirmReservation', data: sale });
    unshipped.push(sale);
    const shipped = unshipped.length > UNSHIPPED ? unshipped.shift() : undefined;
    if (shipped) yield at({ type: 'CommitReservation', data: shipped });
  }
}

/** Natural keys are random, as ids from outside are: others would be compressed to nothing. */
const receive = (sku: Sku): StockCommand => ({
  type: 'ReceiveStock',
  data: { sku, receiptId: crypto.randomUUID(), quantity: QUANTITY },
});

const count = (sku: Sku): StockCommand => ({
  type: 'AdjustStock',
  data: { sku, adjustmentId: crypto.randomUUID(), delta: -1, reason: 'stocktaking' },
});

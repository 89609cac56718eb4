import type { CommandOf, Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { StockBusCommand } from '@orders/shared-events/contracts/stock.commands.js';
import { type StockEvent, stockEvents } from '@orders/shared-events/contracts/stock.events.js';
import { type Decider, type Decision, NOTHING_NEW, refuse } from '../decision.js';
import { type ReservationRefusal, decideReservation } from './reservation.js';
import { stockSnapshot } from './stock.snapshot.js';
import { type StockState, availableOf, evolveStock, initialStock } from './stock.state.js';

export type { StockState } from './stock.state.js';
export { availableOf } from './stock.state.js';

export type ReceiveStock = CommandOf<
  'ReceiveStock',
  { readonly sku: Sku; readonly receiptId: string; readonly quantity: number }
>;
/** `delta` is what a stocktaking found too much (positive) or too little (negative). */
export type AdjustStock = CommandOf<
  'AdjustStock',
  { readonly sku: Sku; readonly adjustmentId: string; readonly delta: number; readonly reason: string }
>;
export type StockCommand = ReceiveStock | AdjustStock | StockBusCommand;

export type StockRefusal =
  | { readonly code: 'UNKNOWN_SKU'; readonly sku: Sku }
  | { readonly code: 'RECEIPT_ID_REUSED'; readonly receiptId: string }
  | { readonly code: 'ADJUSTMENT_ID_REUSED'; readonly adjustmentId: string }
  | { readonly code: 'ADJUSTMENT_EXCEEDS_AVAILABLE'; readonly available: number }
  | ReservationRefusal;

type StockDecision = Decision<StockEvent, StockRefusal>;

function decide(command: Timed<StockCommand>, state: StockState): StockDecision {
  switch (command.type) {
    case 'ReceiveStock':
      return receive(command.data, state);
    case 'AdjustStock':
      return adjust(command.data, state);
    case 'ReserveStock':
    case 'ConfirmReservation':
    case 'CommitReservation':
    case 'ReleaseReservation':
    case 'ExpireReservation':
      return decideReservation(command, state);
  }
}

function receive(data: ReceiveStock['data'], state: StockState): StockDecision {
  const known = state.receipts.get(data.receiptId);
  if (known === undefined) return [{ type: 'StockReceived', data }];
  return known === data.quantity
    ? NOTHING_NEW
    : refuse({ code: 'RECEIPT_ID_REUSED', receiptId: data.receiptId });
}

function adjust(data: AdjustStock['data'], state: StockState): StockDecision {
  const known = state.adjustments.get(data.adjustmentId);
  if (known === data.delta) return NOTHING_NEW;
  if (known !== undefined) return refuse({ code: 'ADJUSTMENT_ID_REUSED', adjustmentId: data.adjustmentId });
  const available = availableOf(state);
  return available + data.delta < 0
    ? refuse({ code: 'ADJUSTMENT_EXCEEDS_AVAILABLE', available })
    : [{ type: 'StockAdjusted', data }];
}

const evolve = (state: StockState, event: Occurred<StockEvent>): StockState => evolveStock(state, event);

export const stock: Decider<StockState, StockCommand, StockEvent, StockRefusal> = {
  initialState: initialStock,
  decide,
  evolve,
  events: stockEvents,
  snapshot: stockSnapshot,
};

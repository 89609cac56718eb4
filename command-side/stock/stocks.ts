import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { DeciderRunner, type Outcome } from '../decider.js';
import type { Effects } from '../effects.js';
import { type StockCommand, type StockRefusal, type StockState, stock } from './stock.js';

export type StockOutcome = Outcome<StockState, StockEvent, StockRefusal>;

/** The stock of every SKU. */
export class Stocks extends DeciderRunner<StockState, StockCommand, StockEvent, StockRefusal> {
  constructor(effects: Effects) {
    super(stock, effects);
  }
}

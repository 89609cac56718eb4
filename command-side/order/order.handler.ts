import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { OrderBusCommand } from '@orders/shared-events/contracts/order.commands.js';
import type { OrderRefusal, PlaceOrder, ShipOrder } from './order.commands.js';
import { type OrderOutcome, Orders } from './orders.js';
import type { RequestedLine } from './pricing.js';
import { Quotes } from './quotes.js';

/** An order as the caller asks for it: the server puts the prices to it. */
export interface UnpricedOrder {
  readonly type: 'PlaceOrder';
  readonly data: Omit<PlaceOrder['data'], 'pricing'> & {
    readonly lines: readonly RequestedLine[];
    readonly currency?: Currency;
  };
}
export type OrderRequest = UnpricedOrder | ShipOrder | OrderBusCommand;

/** Any command to an order. */
export class OnOrder extends Command<OrderOutcome> {
  constructor(readonly addressed: Addressed<OrderRequest>) {
    super();
  }
}

/** Prices that another process changed count after this long, unless a refusal would come of the old ones. */
const PRICE_AGE_MS = 1_000;
const ABOUT_PRICES: readonly OrderRefusal['code'][] = [
  'PRICE_CHANGED',
  'UNKNOWN_SKU',
  'MIXED_CURRENCIES',
  'TOTAL_NOT_POSITIVE',
  'TOTAL_OUT_OF_RANGE',
];

@CommandHandler(OnOrder)
export class OrderHandler implements ICommandHandler<OnOrder> {
  constructor(
    private readonly orders: Orders,
    private readonly quotes: Quotes,
  ) {}

  execute({ addressed }: OnOrder): Promise<OrderOutcome> {
    const { command } = addressed;
    switch (command.type) {
      case 'PlaceOrder':
        return this.#place({ ...addressed, command });
      case 'RequestCancellation':
      case 'ShipOrder':
      case 'ConfirmOrder':
      case 'RejectOrder':
      case 'CancelOrder':
      case 'CompleteOrder':
        return this.orders.execute({ ...addressed, command });
    }
  }

  async #place(addressed: Addressed<UnpricedOrder>): Promise<OrderOutcome> {
    const outcome = await this.#placePriced(addressed, PRICE_AGE_MS);
    const inDoubt = outcome.outcome === 'refused' && ABOUT_PRICES.includes(outcome.refusal.code);
    return inDoubt ? this.#placePriced(addressed, 0) : outcome;
  }

  async #placePriced(addressed: Addressed<UnpricedOrder>, maxAgeMs: number): Promise<OrderOutcome> {
    const { lines, currency, ...request } = addressed.command.data;
    const pricing = await this.quotes.of(lines, currency, maxAgeMs);
    const command = { type: 'PlaceOrder', data: { ...request, pricing } } as const;
    return this.orders.execute({ ...addressed, command }, { from: 'nothing' });
  }
}

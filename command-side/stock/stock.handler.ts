import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import { type Sku, productStream } from '@orders/shared-events/contracts/ids.js';
import { Products } from '../product/products.js';
import type { StockCommand } from './stock.js';
import { type StockOutcome, Stocks } from './stocks.js';

/** Any command to the stock of one SKU. */
export class OnStock extends Command<StockOutcome> {
  constructor(readonly addressed: Addressed<StockCommand>) {
    super();
  }
}

@CommandHandler(OnStock)
export class StockHandler implements ICommandHandler<OnStock> {
  constructor(
    private readonly stocks: Stocks,
    private readonly products: Products,
  ) {}

  async execute({ addressed }: OnStock): Promise<StockOutcome> {
    const { type, data } = addressed.command;
    const isOperators = type === 'ReceiveStock' || type === 'AdjustStock';
    if (isOperators && !(await this.#isRegistered(data.sku))) {
      return { outcome: 'refused', refusal: { code: 'UNKNOWN_SKU', sku: data.sku } };
    }
    return this.stocks.execute(addressed);
  }

  /** What is registered stays so; that it is not is believed of what is read now only. */
  async #isRegistered(sku: Sku): Promise<boolean> {
    return (await this.#wasRegistered(sku, Infinity)) || this.#wasRegistered(sku, 0);
  }

  async #wasRegistered(sku: Sku, maxAgeMs: number): Promise<boolean> {
    const { state } = await this.products.load(productStream(sku), maxAgeMs);
    return state.status === 'registered';
  }
}

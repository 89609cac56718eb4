import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import type { ProductCommand } from './product.js';
import { type ProductOutcome, Products } from './products.js';

/** Any command to a product. */
export class OnProduct extends Command<ProductOutcome> {
  constructor(readonly addressed: Addressed<ProductCommand>) {
    super();
  }
}

@CommandHandler(OnProduct)
export class ProductHandler implements ICommandHandler<OnProduct> {
  constructor(private readonly products: Products) {}

  execute({ addressed }: OnProduct): Promise<ProductOutcome> {
    const isNew = addressed.command.type === 'RegisterProduct';
    return this.products.execute(addressed, { from: isNew ? 'nothing' : 'known' });
  }
}

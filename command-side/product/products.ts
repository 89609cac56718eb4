import type { ProductEvent } from '@orders/shared-events/contracts/product.events.js';
import { DeciderRunner, type Outcome } from '../decider.js';
import type { Effects } from '../effects.js';
import { type ProductCommand, type ProductRefusal, type ProductState, product } from './product.js';

export type ProductOutcome = Outcome<ProductState, ProductEvent, ProductRefusal>;

/** All products. */
export class Products extends DeciderRunner<ProductState, ProductCommand, ProductEvent, ProductRefusal> {
  constructor(effects: Effects) {
    super(product, effects);
  }
}

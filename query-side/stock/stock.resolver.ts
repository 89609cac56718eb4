import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { Product, StockLevel } from '../graphql.generated.js';
import { perRequest } from '../graphql/loader.js';
import { StockQueries } from './stock.queries.js';

@Resolver('Product')
export class StockResolver {
  readonly #levels = perRequest((skus: readonly string[]) => this.stock.levels(skus));

  constructor(private readonly stock: StockQueries) {}

  @ResolveField('stock')
  level(@Parent() { sku }: Pick<Product, 'sku'>, @Context() request: object): Promise<StockLevel> {
    return this.#levels(request).load(sku);
  }
}

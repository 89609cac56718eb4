import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { perRequest } from '../graphql/loader.js';
import { StockQueries, type StockLevelRow } from './stock.queries.js';

@Resolver('Product')
export class StockResolver {
  readonly #levels = perRequest((skus: readonly string[]) => this.stock.levels(skus));

  constructor(private readonly stock: StockQueries) {}

  @ResolveField('stock')
  level(@Parent() { sku }: { sku: string }, @Context() request: object): Promise<StockLevelRow> {
    return this.#levels(request).load(sku);
  }
}

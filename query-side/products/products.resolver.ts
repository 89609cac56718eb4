import { UseFilters } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { BadInputFilter, OutageFilter } from '../graphql/bad-input.filter.js';
import { parse, skuInput } from '../graphql/input.js';
import { money } from '../graphql/money.js';
import { globalId } from '../paging/global-id.js';
import { type PageArguments, mapNodes } from '../paging/page.js';
import { ProductQueries, type ProductRow } from './products.queries.js';

@Resolver('Product')
@UseFilters(OutageFilter, BadInputFilter)
export class ProductsResolver {
  constructor(private readonly products: ProductQueries) {}

  @Query('product')
  async product(@Args('sku') sku: string) {
    const row = await this.products.find(parse(skuInput, sku, 'sku'));
    return row && productNode(row);
  }

  @Query('products')
  async page(@Args() args: PageArguments) {
    return mapNodes(await this.products.page(args), productNode);
  }
}

const productNode = (row: ProductRow) => ({
  ...row,
  id: globalId('Product', row.sku),
  price: money(row.price, row.currency),
});

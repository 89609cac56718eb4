import { UseFilters } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { SkuInAnyCase } from '@orders/shared-events/contracts/ids.js';
import { ANYBODY_KNOWN, Allow } from '@orders/shared-events/http/access/permissions.js';
import type { Product, QueryProductArgs, QueryProductsArgs } from '../graphql.generated.js';
import { BadInputFilter, OutageFilter } from '../graphql/bad-input.filter.js';
import { parse } from '../graphql/input.js';
import { money } from '../graphql/money.js';
import { globalId } from '../paging/global-id.js';
import { type Connection, mapNodes } from '../paging/page.js';
import { ProductQueries, type ProductRow } from './products.queries.js';

@Resolver('Product')
@UseFilters(OutageFilter, BadInputFilter)
export class ProductsResolver {
  constructor(private readonly products: ProductQueries) {}

  @Query('product')
  @Allow('catalogue:read', ...ANYBODY_KNOWN)
  async product(@Args() args: QueryProductArgs): Promise<ProductNode | undefined> {
    const row = await this.products.find(parse(SkuInAnyCase, args.sku, 'sku'));
    return row && productNode(row);
  }

  @Query('products')
  @Allow('catalogue:read', ...ANYBODY_KNOWN)
  async page(@Args() args: QueryProductsArgs): Promise<Connection<ProductNode>> {
    return mapNodes(await this.products.page(args), productNode);
  }
}

/** A product as the schema shows it, without its stock, which is another feature's. */
type ProductNode = Omit<Product, 'stock'>;

const productNode = (row: ProductRow): ProductNode => ({
  ...row,
  id: globalId('Product', row.sku),
  price: money(row.price, row.currency),
});

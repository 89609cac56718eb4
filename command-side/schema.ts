import { readFileSync } from 'node:fs';
import { GraphQLSafeInt } from 'graphql-scalars';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The side's schema: stands alone, and merges with the query side's. */
export const typeDefs: string = [
  './scalars.graphql',
  './command-side.graphql',
  './product/product.graphql',
  './stock/stock.graphql',
  './order/order.graphql',
  './payment/payment.graphql',
]
  .map(read)
  .join('\n');

export const scalarResolvers = { SafeInt: GraphQLSafeInt };

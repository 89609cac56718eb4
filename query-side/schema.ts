import { readFileSync } from 'node:fs';
import { GraphQLDateTime, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The side's schema: stands alone, and merges with the command side's. */
export const typeDefs: string = [
  './query-side.graphql',
  './orders/orders.graphql',
  './products/products.graphql',
  './stock/stock.graphql',
  './audit-log/audit-log.graphql',
]
  .map(read)
  .join('\n');

export const scalarResolvers = {
  DateTime: GraphQLDateTime,
  JSONObject: GraphQLJSONObject,
  SafeInt: GraphQLSafeInt,
};

import { readFileSync } from 'node:fs';
import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';

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

const { parseValue, parseLiteral } = GraphQLDateTimeISO;

/** A string on both sides of the resolvers: RFC 3339 in UTC. */
const dateTime = new GraphQLScalarType<string, string>({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  parseValue: (value) => parseValue(value).toISOString(),
  parseLiteral: (node, variables) => parseLiteral(node, variables).toISOString(),
});

export const scalarResolvers = {
  DateTime: dateTime,
  JSONObject: GraphQLJSONObject,
  SafeInt: GraphQLSafeInt,
};

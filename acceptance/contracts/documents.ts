import 'reflect-metadata';
import { typeDefs as commandSide } from '@orders/command-side/schema.js';
import { describeAdminApi } from '@orders/process-managers/admin/admin-document.js';
import { typeDefs as querySide } from '@orders/query-side/schema.js';
import { buildSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { asyncApi } from './asyncapi.js';
import { toldOfSamples } from './examples.js';
import {
  ADMIN_API,
  ASYNC_API,
  COMMAND_GRAPHQL,
  type Documents,
  EVENTS,
  MESSAGES,
  QUERY_GRAPHQL,
} from './paths.js';
import { eventSchemas, messageSchemas } from './schemas.js';

/** Every contract as the code keeps it now; examples are made of the golden samples in `samples`. */
export async function contractDocuments(samples: URL): Promise<Documents> {
  const documents = new Map<string, unknown>([
    [ASYNC_API, asyncApi(toldOfSamples(samples))],
    [ADMIN_API, await describeAdminApi()],
    [COMMAND_GRAPHQL, wholeSchema(commandSide)],
    [QUERY_GRAPHQL, wholeSchema(querySide)],
    ...messageSchemas(MESSAGES),
    ...eventSchemas(EVENTS),
  ]);
  return new Map([...documents].map(([path, document]) => [path, JSON.parse(JSON.stringify(document))]));
}

/** In one order, whatever that of the files is. */
const wholeSchema = (typeDefs: string): string => printSchema(lexicographicSortSchema(buildSchema(typeDefs)));

import { catalogue } from '@orders/shared-events/contracts/catalogue.js';
import {
  INTEGRATION_VERSION,
  integrationEvents,
  messageOf,
  type RoutingKey,
} from '@orders/shared-events/contracts/integration-events.js';
import { z } from 'zod';

type Document = readonly [path: string, document: object];

export const routingKeys = Object.keys(integrationEvents) as readonly RoutingKey[];

/** What a domain event is stored as, for every version that was ever written. */
export const eventSchemas = (folder: string): Document[] =>
  Object.entries(catalogue).flatMap(([type, { stored }]) =>
    stored.map((schema, older): Document => {
      const version = older + 1;
      return [`${folder}/${type}.v${version}.schema.json`, titled(`${type}, version ${version}`, schema)];
    }),
  );

/** What is published under each routing key. */
export const messageSchemas = (folder: string): Document[] =>
  routingKeys.map((key) => [
    `${folder}/${key}.v${INTEGRATION_VERSION}.schema.json`,
    titled(`${key}, version ${INTEGRATION_VERSION}`, messageOf(key)),
  ]);

/** In JSON Schema 2020-12. What comes in, `input`, is open: there may be more fields than it names. */
function titled(title: string, type: z.ZodType): object {
  const { $schema, ...schema } = z.toJSONSchema(type, { io: 'input' });
  return { $schema, title, ...schema };
}

import 'reflect-metadata';
import { describeAdminApi } from '@orders/process-managers/admin/admin-document.js';
import { asyncApi } from './asyncapi.js';
import { toldOfSamples } from './examples.js';
import { ADMIN_API, ASYNC_API, type Documents, EVENTS, MESSAGES } from './paths.js';
import { eventSchemas, messageSchemas } from './schemas.js';

/** Every contract as the code keeps it now; examples are made of the golden samples in `samples`. */
export async function contractDocuments(samples: URL): Promise<Documents> {
  const documents = new Map<string, unknown>([
    [ASYNC_API, asyncApi(toldOfSamples(samples))],
    [ADMIN_API, await describeAdminApi()],
    ...messageSchemas(MESSAGES),
    ...eventSchemas(EVENTS),
  ]);
  return new Map([...documents].map(([path, document]) => [path, JSON.parse(JSON.stringify(document))]));
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { backEnds, parseConfiguration } from './configuration.js';

/** There is no system to work on. */
export class NotRunning extends Error {
  override readonly name = 'NotRunning';
}

export interface BackEnds {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
}

/** What `npm start` leaves behind while it runs. */
const Stack = z.object({ urls: z.object({ eventStore: z.string(), database: z.string() }) });

const schema = z.object({
  EVENTSTORE_URL: backEnds.EVENTSTORE_URL,
  DATABASE_URL: backEnds.DATABASE_URL,
});

/** From the environment, else from the stack that runs on DATA_DIR, or on `.data` in the folder. Throws ConfigurationError or NotRunning. */
export function backEndsOf(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): BackEnds {
  const isSet = Boolean(environment['EVENTSTORE_URL'] ?? environment['DATABASE_URL']);
  if (!isSet) return ofStack(environment['DATA_DIR'] || join(folder, '.data'));
  const { EVENTSTORE_URL, DATABASE_URL } = parseConfiguration(schema, environment);
  return { eventStoreUrl: EVENTSTORE_URL, databaseUrl: DATABASE_URL };
}

function ofStack(dataFolder: string): BackEnds {
  try {
    const { urls } = Stack.parse(JSON.parse(readFileSync(join(dataFolder, 'stack.json'), 'utf8')));
    return { eventStoreUrl: urls.eventStore, databaseUrl: urls.database };
  } catch (error) {
    throw new NotRunning('no system runs here: run npm start, or set EVENTSTORE_URL and DATABASE_URL', {
      cause: error,
    });
  }
}

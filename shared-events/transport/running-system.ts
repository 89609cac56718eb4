import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { apis, backEnds, parseConfiguration } from './configuration.js';

/** There is no system to work on. */
export class NotRunning extends Error {
  override readonly name = 'NotRunning';
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface BackEnds {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
}

const schema = z.object({
  EVENTSTORE_URL: backEnds.EVENTSTORE_URL,
  DATABASE_URL: backEnds.DATABASE_URL,
});

/** From the environment, else from the stack that runs on DATA_DIR, or on `.data` in the folder. Throws ConfigurationError or NotRunning. */
export function backEndsOf(environment: Environment, folder: string): BackEnds {
  const isSet = Boolean(environment['EVENTSTORE_URL'] ?? environment['DATABASE_URL']);
  if (isSet) {
    const { EVENTSTORE_URL, DATABASE_URL } = parseConfiguration(schema, environment);
    return { eventStoreUrl: EVENTSTORE_URL, databaseUrl: DATABASE_URL };
  }
  const ofStack = z.object({ eventStore: z.string(), database: z.string() });
  const urls = urlsIn(ofStack, environment, folder, 'EVENTSTORE_URL and DATABASE_URL');
  return { eventStoreUrl: urls.eventStore, databaseUrl: urls.database };
}

/**
 * Where an API answers: as its variable says, else in the stack that runs on DATA_DIR, or on `.data` in the folder. Where
 * only another API's variable is set, that stack may be another system, and is not looked at. Throws ConfigurationError or
 * NotRunning.
 */
export function apiOf(variable: keyof typeof apis, environment: Environment, folder: string): string {
  const isSet = Object.keys(apis).some((name) => Boolean(environment[name]));
  if (!isSet) return urlsIn(apiOfStack[variable], environment, folder, variable);
  const api = z.object({ [variable]: apis[variable] });
  return String(parseConfiguration(api, environment)[variable]).replace(/\/$/, '');
}

/**
 * What proves who asks: ORDERS_TOKEN, a token or an API key, else what the stack that runs here has made for that. None
 * where the APIs are another system's and nothing is set: it will say that it wants one.
 */
export function tokenOf(environment: Environment, folder: string): string | undefined {
  const token = environment['ORDERS_TOKEN'];
  if (token) return token;
  if (Object.keys(apis).some((name) => Boolean(environment[name]))) return undefined;
  return inStack(z.object({ token: z.string().nullable() }), environment, folder)?.token ?? undefined;
}

const apiOfStack = {
  ADMIN_URL: z.object({ admin: z.string() }).transform(({ admin }) => admin),
  GRAPHQL_URL: z.object({ graphql: z.string() }).transform(({ graphql }) => graphql),
};

/** What `npm start` leaves behind while it runs. */
function urlsIn<Urls>(
  urls: z.ZodType<Urls>,
  environment: Environment,
  folder: string,
  variables: string,
): Urls {
  const stack = inStack(z.object({ urls }), environment, folder);
  if (!stack) throw new NotRunning(`no system runs here: run npm start, or set ${variables}`);
  return stack.urls;
}

function inStack<Part>(part: z.ZodType<Part>, environment: Environment, folder: string): Part | undefined {
  const file = join(environment['DATA_DIR'] || join(folder, '.data'), 'stack.json');
  try {
    return part.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

import { z } from 'zod';
import { nodeUrls } from './node-urls.js';

/** One line that names the variable. Exit code 78 is sysexits' EX_CONFIG. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export const EX_CONFIG = 78;

const isUrlOfOne = (value: string): boolean => URL.canParse(value);

/** Of one node, or of several: `scheme://one:1,two:2`. */
const isUrlOfNodes = (value: string): boolean =>
  nodeUrls(value).every((node) => URL.canParse(node) && new URL(node).hostname !== '');

const url = (schemes: readonly string[], example: string, isUrl = isUrlOfOne) =>
  z
    .string({ error: `is required, e.g. ${example}` })
    .refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)) && isUrl(value), {
      error: `must be a URL like ${example}`,
    });

/** The three back ends: all that changes between a laptop and a cluster. */
export const backEnds = {
  EVENTSTORE_URL: url(
    ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'],
    'esdb://host:2113?tls=false',
    isUrlOfNodes,
  ),
  RABBITMQ_URL: url(['amqp', 'amqps'], 'amqp://user:password@host:5672', isUrlOfNodes),
  DATABASE_URL: url(['postgres', 'postgresql'], 'postgres://user:password@host:5432/orders'),
};

/** Where a system answers that runs already, for the commands that ask it. */
export const apis = {
  ADMIN_URL: url(['http', 'https'], 'http://host:3002'),
  GRAPHQL_URL: url(['http', 'https'], 'http://host:3000/graphql'),
};

export const port = (defaultPort: number) =>
  z.coerce
    .number({ error: 'must be a port number' })
    .int({ error: 'must be a port number' })
    .min(0, { error: 'must be a port number' })
    .max(65_535, { error: 'must be a port number' })
    .default(defaultPort);

export const milliseconds = (defaultValue: number) =>
  z.coerce
    .number({ error: 'must be a number of milliseconds' })
    .int({ error: 'must be a whole number of milliseconds' })
    .positive({ error: 'must be a positive number of milliseconds' })
    .default(defaultValue);

/** What every side that listens knows. */
export const http = {
  BIND_ADDRESS: z.union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' }).default('127.0.0.1'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
};

/** Parses the environment once. Throws ConfigurationError for the first wrong variable; values are not repeated. */
export function parseConfiguration<Shape extends z.ZodObject>(
  schema: Shape,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<Shape> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(set);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigurationError(`${issue?.path.join('.') ?? 'configuration'} ${issue?.message ?? 'is wrong'}`);
}

/** For a `main.ts`: a wrong variable is one line on standard error, and the end. */
export function configurationOrExit<Shape extends z.ZodObject>(
  schema: Shape,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<Shape> {
  return configuredOrExit(() => parseConfiguration(schema, environment));
}

/** The same of what is made by the configuration. */
export function configuredOrExit<Made>(make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_CONFIG);
  }
}

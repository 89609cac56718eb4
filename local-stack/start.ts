/** `npm start`: the whole system on this machine. */
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { LOCAL_ISSUER } from '@orders/shared-events/transport/production.js';
import { configurationSchema } from './application/configuration.js';
import { seedCatalogue } from './demo-catalogue.js';
import type { LocalTokens } from './local-access.js';
import { demandReachable } from './reachable.js';
import { type BackEnds, startStack } from './stack.js';
import { dataFolder, removeStack, runningStack, writeStack } from './stack-file.js';

/** What the embedded servers will be at: only for the check of everything else, before anything is started. */
const EMBEDDED: BackEnds = {
  EVENTSTORE_URL: 'esdb://127.0.0.1:2113?tls=false',
  RABBITMQ_URL: 'amqp://127.0.0.1:5673',
  DATABASE_URL: 'postgres://127.0.0.1/orders',
};
/** Whose tokens count where nobody else issues any: likewise for the check only, since the key is not made yet. */
const LOCAL = { AUTH_ISSUER: LOCAL_ISSUER, AUTH_JWKS_URL: 'http://127.0.0.1/none' };
const external = externalBackEnds();
const webhookSecret = process.env['PAYMENT_WEBHOOK_SECRET'];
const hasIssuer = Boolean(process.env['AUTH_ISSUER']);
const configuration = configurationOrExit(configurationSchema, {
  ...(hasIssuer ? {} : LOCAL),
  ...process.env,
  ...EMBEDDED,
  ...external,
  // Likewise: where none is set, the data folder has its own.
  PAYMENT_WEBHOOK_SECRET: webhookSecret || '-'.repeat(32),
});

const dir = dataFolder(process.env);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const startedAt = Date.now();

const running = await runningStack(dir);
if (running) {
  say(`Already running (process ${running.pid}): ${running.urls.graphql}`);
  process.exit(1);
}

await demandReachable(external).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});

const stack = startStack({
  dir,
  ports: { graphql: configuration.PORT, admin: configuration.ADMIN_PORT },
  bindAddress: configuration.BIND_ADDRESS,
  external,
  webhookSecret,
  hasIssuer,
  report: (line) => say(`[${new Date().toISOString()}] ${line}`),
});
stopOnSignal();

try {
  const { urls, tokens } = await stack;
  const token = process.env['ORDERS_TOKEN'] || tokens?.admin || null;
  await writeStack(dir, {
    pid: process.pid,
    urls: {
      eventStore: urls.EVENTSTORE_URL,
      rabbitMq: urls.RABBITMQ_URL,
      database: urls.DATABASE_URL,
      graphql: urls.graphql,
      admin: urls.admin,
    },
    token,
  });
  if (token !== null) await seedCatalogue(dir, urls.graphql, `Bearer ${token}`);
  say(welcome(urls.graphql, urls.admin, tokens));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  await stack.then((started) => started.stop()).catch(() => undefined);
  process.exit(1);
}

function welcome(graphql: string, admin: string, tokens: LocalTokens | undefined): string {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const web = new URL('/', graphql).href;
  return `
  The order system is ready (${seconds} s).

    GraphQL    ${graphql}
    GraphiQL   ${web}graphiql
    Admin API  ${admin}/api/docs
    Health     ${web}health/ready
    Data       ${dir} (logs in logs/)
${tokens ? tokenLines(tokens) : ''}
  Try next, in another terminal:

    npm run demo      one order of each kind, from mutation to query
    npm run orders    what operators see and do: npm run orders -- --help
    npm run replay    rebuild the read models from event zero, while everything runs
    npm run bench     what it costs, against bare limits
    npm run reset     remove all data (after Ctrl-C here)

  Ctrl-C stops everything.
`;
}

function tokenLines({ customer, operator, admin }: LocalTokens): string {
  return `
  Who you are is told by a token (Authorization: Bearer ...); GraphiQL has the admin's already:

    customer   ${customer}
    operator   ${operator}
    admin      ${admin}
`;
}

function externalBackEnds(): Partial<BackEnds> {
  const names = ['EVENTSTORE_URL', 'RABBITMQ_URL', 'DATABASE_URL'] as const;
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Also in the middle of a start: what has been started is stopped as soon as it can be. */
function stopOnSignal(): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    say('Stopping …');
    await stack.then((started) => started.stop()).catch(() => undefined);
    await removeStack(dir);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  // Whoever read what is said here may be gone before the stack is.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

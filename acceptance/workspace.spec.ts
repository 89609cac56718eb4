import { beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Lints texts as if they were the contents of files, so that nothing is written anywhere. The rules that ask the
 * compiler for types are left out: none of those below does, and they cost half a minute.
 */
const LINT = `
  import { ESLint } from 'eslint';
  import { json } from 'node:stream/consumers';
  import { configs } from 'typescript-eslint';
  const untyped = { files: ['**/*.ts'], ...configs.disableTypeChecked };
  const eslint = new ESLint({ cwd: ${JSON.stringify(root)}, overrideConfig: [untyped] });
  const answers = [];
  for (const { file, code } of await json(process.stdin)) {
    const [result] = await eslint.lintText(code, { filePath: file });
    answers.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
  }
  console.log(JSON.stringify(answers));
`;

/** What an Nx of its own answers to a command. */
async function nx(...command: string[]): Promise<string> {
  // What an Nx around this one has set for its own tasks is not meant for another.
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('NX_'));
  const child = spawn(process.execPath, [createRequire(import.meta.url).resolve('nx'), ...command], {
    cwd: root,
    env: { ...Object.fromEntries(environment), NX_DAEMON: 'false', NX_TUI: 'false' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text(child.stdout);
}

const BOUNDARY = '@nx/enforce-module-boundaries';
const IMPORT = 'no-restricted-imports';
const imports = (module: string) => `import * as module from '${module}';\nexport const used = module;\n`;

const forbidden: { what: string; file: string; code: string; rule: string }[] = [
  {
    what: 'the command side imports the query side',
    file: 'command-side/decider.ts',
    code: imports('@orders/query-side/projection.js'),
    rule: BOUNDARY,
  },
  {
    what: 'the query side imports the process managers',
    file: 'query-side/projection.ts',
    code: imports('@orders/process-managers/process.js'),
    rule: BOUNDARY,
  },
  {
    what: 'the process managers import the command side',
    file: 'process-managers/process.ts',
    code: imports('@orders/command-side/decider.js'),
    rule: BOUNDARY,
  },
  {
    what: 'a side imports another by a path',
    file: 'command-side/decider.ts',
    code: imports('../query-side/projection.js'),
    rule: BOUNDARY,
  },
  {
    what: 'shared-events imports a side',
    file: 'shared-events/transport/event-store.ts',
    code: imports('@orders/command-side/decider.js'),
    rule: BOUNDARY,
  },
  {
    what: 'a side imports the local stack',
    file: 'query-side/projection.ts',
    code: imports('@orders/local-stack/postgres/postgres.js'),
    rule: BOUNDARY,
  },
  {
    what: 'a project imports a package that it does not name as a dependency',
    file: 'query-side/projection.ts',
    code: imports('lmdb'),
    rule: BOUNDARY,
  },
  {
    what: 'a side imports the driver of the event store',
    file: 'command-side/decider.ts',
    code: imports('@eventstore/db-client'),
    rule: IMPORT,
  },
  {
    what: 'a side imports the driver of the broker',
    file: 'process-managers/process.ts',
    code: imports('amqplib'),
    rule: IMPORT,
  },
  {
    what: 'a projector imports a driver',
    file: 'query-side/orders/orders.projector.ts',
    code: imports('pg'),
    rule: IMPORT,
  },
  {
    what: 'an aggregate imports the framework',
    file: 'command-side/order/order.ts',
    code: imports('@nestjs/common'),
    rule: IMPORT,
  },
  {
    what: 'a contract imports a module of Node',
    file: 'shared-events/contracts/money.ts',
    code: imports('node:crypto'),
    rule: IMPORT,
  },
  {
    what: 'an aggregate imports the shell around it',
    file: 'command-side/order/order.ts',
    code: imports('./order.handler.js'),
    rule: IMPORT,
  },
  {
    what: 'an aggregate reads the clock',
    file: 'command-side/stock/stock.ts',
    code: 'export const now = () => Date.now();\n',
    rule: 'no-restricted-globals',
  },
  {
    what: 'an order process makes a date',
    file: 'process-managers/order-process/order-process.ts',
    code: 'export const now = () => new Date();\n',
    rule: 'no-restricted-globals',
  },
  {
    what: 'the calendar reads the clock',
    file: 'shared-events/contracts/instants.ts',
    code: 'export const now = () => new Date();\n',
    rule: 'no-restricted-syntax',
  },
  {
    what: 'a projector measures time',
    file: 'query-side/orders/orders.projector.ts',
    code: 'export const now = () => performance.now();\n',
    rule: 'no-restricted-globals',
  },
  {
    what: 'an aggregate throws dice',
    file: 'command-side/payment/payment.ts',
    code: 'export const dice = () => Math.random();\n',
    rule: 'no-restricted-properties',
  },
  {
    what: 'an aggregate makes up an id',
    file: 'command-side/product/product.ts',
    code: 'export const id = () => crypto.randomUUID();\n',
    rule: 'no-restricted-globals',
  },
  {
    what: 'a contract takes more than the hash',
    file: 'shared-events/contracts/uuid-v5.ts',
    code: "import { hash, randomUUID } from 'node:crypto';\nexport const id = () => hash('sha1', randomUUID());\n",
    rule: IMPORT,
  },
  {
    what: 'a type is any',
    file: 'command-side/decider.ts',
    code: 'export const either = (value: any): unknown => value;\n',
    rule: '@typescript-eslint/no-explicit-any',
  },
  {
    what: 'a comment switches a rule off',
    file: 'command-side/order/order.ts',
    code: '// eslint-disable-next-line\nexport const now = () => Date.now();\n',
    rule: 'no-restricted-globals',
  },
];

const permitted: { what: string; file: string; code: string }[] = [
  {
    what: 'an aggregate imports its neighbours and the contracts',
    file: 'command-side/order/order.ts',
    code:
      imports('./order.state.js') +
      imports('@orders/shared-events/contracts/money.js').replaceAll(/\b(module|used)\b/g, '$1s'),
  },
  {
    what: 'a side imports the transport',
    file: 'command-side/decider.ts',
    code: imports('@orders/shared-events/transport/event-store.js'),
  },
  {
    what: 'the composition root imports a side',
    file: 'local-stack/start.ts',
    code: imports('@orders/query-side/projection.js'),
  },
  {
    what: 'acceptance imports the stack',
    file: 'acceptance/workspace.spec.ts',
    code: imports('@orders/local-stack/postgres/postgres.js'),
  },
  {
    what: 'a shell reads the clock',
    file: 'command-side/decider.ts',
    code: 'export const now = () => new Date();\n',
  },
];

const probes = [...forbidden, ...permitted];
let findings: string[][];

beforeAll(async () => {
  // The boundary rule judges by the graph of projects that Nx last kept, and without one judges nothing.
  await nx('show', 'projects', '--json');
  const node = spawn(process.execPath, ['--input-type=module', '--eval', LINT], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  node.stdin.end(JSON.stringify(probes));
  findings = JSON.parse(await text(node.stdout)) as string[][];
});

const findingsOf = (what: string) => findings[probes.findIndex((probe) => probe.what === what)];

test.each(forbidden)('lint refuses that $what', ({ what, rule }) => {
  expect(findingsOf(what)).toContain(rule);
});

test.each(permitted)('lint allows that $what', ({ what }) => {
  expect(findingsOf(what)).toEqual([]);
});

/** What decides whether Nx runs a project's tests or shows what they came to last time. */
async function inputsOfTests(project: string): Promise<string[]> {
  const inputs = await nx('show', 'target', 'inputs', `${project}:test`, '--json');
  return (JSON.parse(inputs) as { files: string[] }).files;
}

const committed = async (...paths: string[]): Promise<string[]> => {
  const git = spawn('git', ['ls-files', '--', ...paths], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  return (await text(git.stdout)).trim().split('\n');
};

test('a change of any file at the root runs these tests again: they read such files', async () => {
  const atRoot = (await committed('.')).filter((file) => !file.includes('/'));
  expect(atRoot).toContain('docker-compose.yml');
  expect(await inputsOfTests('acceptance')).toEqual(expect.arrayContaining(atRoot));
});

test.each(['shared-events', 'command-side', 'query-side', 'process-managers'])(
  'a change of an embedded server runs the tests of %s again: they start it',
  async (project) => {
    const sources = (await committed('local-stack')).filter((file) => !/\.(spec\.ts|md)$/.test(file));
    expect(sources).toContain('local-stack/stand-alone.ts');
    expect(await inputsOfTests(project)).toEqual(expect.arrayContaining(sources));
  },
);

test('a change of what is published runs the tests of process-managers again: they hold it against the code', async () => {
  expect(await inputsOfTests('process-managers')).toContain('docs/contracts/asyncapi.json');
});

/** What npm test says at its end, under these variables. */
async function saidOf(variables: Readonly<Record<string, string>>): Promise<string[]> {
  const say = `import { notRunOnRealServers } from ${JSON.stringify(`${root}tools/real-servers.mjs`)};
    console.log(JSON.stringify(notRunOnRealServers(${JSON.stringify(variables)})));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', say]);
  return JSON.parse(await text(child.stdout)) as string[];
}

test('npm test says which real server was not named', async () => {
  expect(await saidOf({ DATABASE_URL: '', RABBITMQ_URL: 'amqp://real' })).toEqual(
    expect.arrayContaining([
      'Not run against a real EventStoreDB: EVENTSTORE_URL is not set',
      'Not run against a real PostgreSQL: DATABASE_URL is not set',
    ]),
  );
});

test('npm test says what stayed off the real servers that were named, and why', async () => {
  const said = await saidOf({
    EVENTSTORE_URL: 'esdb://real',
    RABBITMQ_URL: 'amqp://real',
    DATABASE_URL: 'postgres://real',
  });
  const projects = /^Not run against (\w+): ([\w-]+(?:, [\w-]+)*) \([^)]+\)$/;
  expect(said.map((line) => projects.exec(line)?.slice(1))).toEqual([
    ['EVENTSTORE_URL', 'process-managers, acceptance'],
    ['RABBITMQ_URL', 'command-side, process-managers, acceptance'],
    ['DATABASE_URL', 'acceptance'],
  ]);
});

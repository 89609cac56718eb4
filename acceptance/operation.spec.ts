import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Stack, runningStack } from '@orders/local-stack/stack-file.js';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { until } from '@orders/shared-events/testing/until.js';
import { signIn, ask, request } from './client.js';
import { kinds, placementOf } from './kinds.js';
import { accepted, orderOf } from './orders.js';
import { built } from './system.js';

const START_MS = 60_000;
const BACK_ENDS = ['EVENTSTORE_URL', 'RABBITMQ_URL', 'DATABASE_URL'] as const;

describe('npm start', () => {
  const stacks: RunningStart[] = [];
  const folders: string[] = [];

  afterEach(async () => {
    for (const stack of stacks.splice(0)) await stack.end();
    for (const dir of folders.splice(0)) await rm(dir, { recursive: true, force: true });
  }, START_MS);

  const started = async (dir: string): Promise<RunningStart> => {
    const stack = await RunningStart.in(dir);
    stacks.push(stack);
    return stack;
  };
  const folder = async (): Promise<string> => {
    const dir = await mkdtemp(join(tmpdir(), 'orders-start-'));
    folders.push(dir);
    return dir;
  };

  it(
    'says where everything is, stops on SIGTERM, leaves no process behind and keeps the data',
    async () => {
      const dir = await folder();
      const first = await started(dir);
      const { graphql, admin } = first.stack.urls;
      expect(first.output).toContain(graphql);
      expect(first.output).toContain(admin);
      expect((await fetch(new URL('/graphiql', graphql))).status).toBe(200);
      expect((await fetch(`${admin}/api/docs`)).status).toBe(200);
      const orderId = await anOrder(graphql);
      await first.end();
      expect(await processesOn(dir)).toEqual([]);
      expect(await runningStack(dir)).toBeUndefined();
      // The application stops first: it has lost nothing that it needs.
      expect(await readFile(join(dir, 'logs', 'application.log'), 'utf8')).not.toMatch(
        /"level":"(warn|error)"/,
      );
      const second = await started(dir);
      await until(async () => (await orderOf(second.stack.urls.graphql, orderId)) !== null);
      expect(await ended({ DATA_DIR: dir })).toEqual({
        code: 1,
        output: `Already running (process ${second.stack.pid}): ${second.stack.urls.graphql}\n`,
      });
      expect(await runningStack(dir)).toEqual(second.stack);
      await second.end('SIGINT');
      expect(await processesOn(dir)).toEqual([]);
    },
    3 * START_MS,
  );

  it(
    'recovers after kill -9 and loses no accepted order',
    async () => {
      const dir = await folder();
      const first = await started(dir);
      const { graphql } = first.stack.urls;
      const orderIds = await Promise.all(Array.from({ length: 10 }, () => anOrder(graphql)));
      await first.kill();
      const second = await started(dir);
      for (const orderId of orderIds) {
        await until(
          async () => (await orderOf(second.stack.urls.graphql, orderId))?.status === 'COMPLETED',
          START_MS,
        );
      }
      await second.end();
      expect(await processesOn(dir)).toEqual([]);
    },
    4 * START_MS,
  );

  it.each(['event-store', 'broker', 'postgres', 'application'])(
    'starts %s again when it ends, says so, and loses no order',
    async (part) => {
      const dir = await folder();
      const first = await started(dir);
      const { graphql } = first.stack.urls;
      const before = await anOrder(graphql);
      const pids = await pidsOf(dir, part);
      expect(pids).not.toEqual([]);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until(() => first.output.includes(`${part} runs again`), START_MS);
      let after = '';
      await until(async () => {
        after = await anOrder(graphql).catch(() => '');
        return after !== '';
      }, START_MS);
      for (const orderId of [before, after])
        await until(async () => (await orderOf(graphql, orderId))?.status === 'COMPLETED', START_MS);
      await first.end();
      expect(await processesOn(dir)).toEqual([]);
    },
    3 * START_MS,
  );

  it.each(['SIGINT', 'SIGHUP'] as const)(
    'stops everything on %s, also when nobody reads what it says any more',
    async (signal) => {
      const dir = await folder();
      const stack = await started(dir);
      stack.stopReading();
      await stack.end(signal);
      expect(await processesOn(dir)).toEqual([]);
      expect(await runningStack(dir)).toBeUndefined();
    },
    2 * START_MS,
  );

  it(
    'listens where BIND_ADDRESS says',
    async () => {
      const dir = await folder();
      const stack = await RunningStart.in(dir, { BIND_ADDRESS: '127.0.0.2' });
      stacks.push(stack);
      expect(new URL(stack.stack.urls.graphql).hostname).toBe('127.0.0.2');
      expect((await fetch(`${stack.stack.urls.admin}/health/live`)).status).toBe(200);
      await anOrder(stack.stack.urls.graphql);
      await stack.end();
    },
    2 * START_MS,
  );

  it(
    'takes the next free port where one is taken',
    async () => {
      const squatter = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      const address = squatter.address();
      const taken = typeof address === 'object' && address ? address.port : 0;
      const dir = await folder();
      const stack = await RunningStart.in(dir, { PORT: String(taken) });
      stacks.push(stack);
      expect(Number(new URL(stack.stack.urls.graphql).port)).toBeGreaterThan(taken);
      await stack.end();
      squatter.close();
    },
    2 * START_MS,
  );

  it('says in one line which port is none', async () => {
    const dir = await folder();
    expect(await ended({ DATA_DIR: dir, PORT: 'eighty' })).toEqual({
      code: 78,
      output: 'PORT must be a port number\n',
    });
  });

  it(
    'names a back end that it is given and that is away',
    async () => {
      const dir = await folder();
      const away = 'postgres://nobody@127.0.0.1:1/none';
      expect(await ended({ DATA_DIR: dir, DATABASE_URL: away })).toEqual({
        code: 1,
        output: 'DATABASE_URL: nothing takes connections there (connect ECONNREFUSED 127.0.0.1:1)\n',
      });
      expect(await processesOn(dir)).toEqual([]);
      expect(await runningStack(dir)).toBeUndefined();
    },
    START_MS,
  );

  it(
    'is found by demo, replay and reset on the data of DATA_DIR',
    async () => {
      const dir = await folder();
      const stack = await started(dir);
      const demo = await script(built('acceptance', 'demo.js'), dir);
      expect(demo).toMatchObject({ code: 0, error: '' });
      expect(demo.output).toContain('Every order came to its end.');
      for (const { name } of kinds) expect(demo.output).toContain(`\n${name}  `);
      expect(demo.output).toContain('PLACED, payment ACTION_REQUIRED');
      // The customer's page is opened by nothing but its address.
      const log = await readFile(join(dir, 'logs', 'application.log'), 'utf8');
      expect(log).toContain('"path":"/simulated-provider/actions/[redacted]"');
      expect(log).not.toMatch(/simulated-provider\/actions\/[0-9a-f]/);
      const replay = await script(built('query-side', 'replay.main.js'), dir, '--dry-run', '--json');
      expect(replay).toMatchObject({ code: 0, error: '' });
      const reset = join(import.meta.dirname, '..', 'tools', 'reset.mjs');
      const running = `the stack is running (process ${stack.stack.pid})`;
      expect(await script(reset, dir)).toMatchObject({ code: 1, error: expect.stringContaining(running) });
      await stack.end();
      expect(await script(reset, dir)).toMatchObject({ code: 0, error: '' });
      await expect(readdir(dir)).rejects.toThrow('ENOENT');
    },
    3 * START_MS,
  );

  it(
    'says in one line what keeps a part from starting, and leaves nothing behind',
    async () => {
      const dir = await folder();
      await expect(RunningStart.in(dir, { PROCESS_PAYMENT_DEADLINE: 'soon' })).rejects.toThrow(
        /^it did not start: PROCESS_PAYMENT_DEADLINE [^\n]+\n$/,
      );
      expect(await processesOn(dir)).toEqual([]);
    },
    START_MS,
  );

  it(
    'answers with the caller’s correlation id, and finds everything it caused under it',
    async () => {
      const dir = await folder();
      const { stack } = await started(dir);
      const { graphql } = stack.urls;
      const [kind] = kinds;
      if (!kind) throw new Error('no kinds');
      const answer = await request(
        graphql,
        'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { ... on OrderAccepted { orderId } } }',
        { input: placementOf(kind, 'customer-1') },
        { 'x-correlation-id': 'cart-17' },
      );
      expect(answer.headers.get('x-correlation-id')).toBe('cart-17');
      const query =
        '{ auditLog(first: 100, filter: { correlationId: "cart-17" }) { edges { node { type } } } }';
      const types = async () => {
        const { auditLog } = await ask<AuditLog>(graphql, query);
        return auditLog.edges.map(({ node }) => node.type);
      };
      await until(async () => (await types()).includes('OrderCompleted'), START_MS);
      expect(await types()).toEqual(
        expect.arrayContaining([
          'OrderPlaced',
          'PaymentCaptured',
          'StockReserved',
          'OrderProcessHeard',
          'OrderConfirmed',
        ]),
      );
      const log = await readFile(join(dir, 'logs', 'application.log'), 'utf8');
      expect(log).toContain('"correlationId":"cart-17"');
      expect(log).not.toContain('pm_approve');
    },
    2 * START_MS,
  );
});

describe('npm run demo', () => {
  it.each([
    ['an option that it has not', ['--bogus'], 2, /--bogus/],
    ['a URL that is none', ['--url', 'nonsense'], 2, /Invalid URL/],
    ['an address where nothing listens', ['--url', 'http://127.0.0.1:1/graphql'], 4, /127\.0\.0\.1:1/],
    ['no running system', [], 4, /npm start/],
  ])('says in one line that it was given %s', async (_what, args, code, line) => {
    const dir = await mkdtemp(join(tmpdir(), 'orders-demo-'));
    const { error, ...demo } = await script(built('acceptance', 'demo.js'), dir, ...args);
    expect(demo).toEqual({ code, output: '' });
    expect(error).toMatch(/^[^\n]+\n$/);
    expect(error).toMatch(line);
  });
});

describe('a wrong configuration', () => {
  it.each([
    ['command-side', 'RABBITMQ_URL', 'nonsense'],
    ['query-side', 'PORT', 'eighty'],
    ['process-managers', 'PROCESS_PAYMENT_DEADLINE', 'soon'],
  ])('of %s is one line that names %s, and a non-zero exit', async (side, variable, value) => {
    const environment = {
      EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false',
      RABBITMQ_URL: 'amqp://127.0.0.1:1',
      DATABASE_URL: 'postgres://127.0.0.1:1/orders',
      ...ACCESS,
      [variable]: value,
    };
    const child = spawn(process.execPath, [built(side, 'main.js')], {
      env: { ...process.env, ...environment },
    });
    let errors = '';
    child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(78);
    expect(errors).toMatch(new RegExp(`^${variable} [^\\n]+\\n$`));
  });
});

interface AuditLog {
  readonly auditLog: { readonly edges: readonly { readonly node: { readonly type: string } }[] };
}

const anOrder = (graphql: string): Promise<string> => {
  const [kind] = kinds;
  if (!kind) throw new Error('no kinds');
  return accepted(graphql, placementOf(kind, 'customer-1'));
};

/** Of an `npm start` whose environment does not name the usual ports and back ends. */
function environmentOf(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, PORT: '3100', ADMIN_PORT: '3200' };
  for (const url of ['EVENTSTORE_URL', 'RABBITMQ_URL', 'DATABASE_URL']) Reflect.deleteProperty(env, url);
  return { ...env, ...own };
}

/** What an `npm start` says that ends by itself. */
async function ended(environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [built('local-stack', 'start.js')], {
    env: environmentOf(environment),
  });
  const said = [text(child.stdout), text(child.stderr)];
  const [exit, ...output] = await Promise.all([once(child, 'exit'), ...said]);
  return { code: exit[0] as number, output: output.join('') };
}

/** `npm start` as npm runs it, on a data folder of its own. */
class RunningStart {
  output = '';

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {}

  /** Nobody reads any more what it says. */
  stopReading(): void {
    this.child.stdout.destroy();
    this.child.stderr.destroy();
  }

  stack: Stack = {
    pid: 0,
    urls: { eventStore: '', rabbitMq: '', database: '', graphql: '', admin: '' },
    token: null,
  };

  static async in(dir: string, environment: Readonly<Record<string, string>> = {}): Promise<RunningStart> {
    const env = environmentOf({ ...environment, DATA_DIR: dir });
    const child = spawn(process.execPath, [built('local-stack', 'start.js')], { env });
    const started = new RunningStart(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => (started.output += bytes.toString()));
    await until(
      () => started.output.includes('Ctrl-C stops everything') || child.exitCode !== null,
      START_MS,
    );
    const stack = await runningStack(dir);
    if (!stack) throw new Error(`it did not start: ${started.output}`);
    started.stack = stack;
    for (const url of [stack.urls.graphql, stack.urls.admin]) signIn(url, stack.token ?? '');
    return started;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#gone(signal);
  }

  async kill(): Promise<void> {
    await this.#gone('SIGKILL');
  }

  async #gone(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

/** What a program says and ends with that is told the data folder. */
async function script(file: string, dir: string, ...args: string[]) {
  const env = { ...process.env, DATA_DIR: dir };
  for (const url of BACK_ENDS) Reflect.deleteProperty(env, url);
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<unknown[]>,
  ]);
  return { code, output, error };
}

/** Command lines of the processes that were started on this data folder. */
const processesOn = async (dir: string): Promise<string[]> =>
  (await processes('args')).filter((line) => line.includes(dir));

/** Process ids of a part of that stack: of Postgres the server, not its launcher. */
async function pidsOf(dir: string, part: string): Promise<number[]> {
  if (part === 'postgres') {
    const postmaster = await readFile(join(dir, 'postgres', 'data', 'postmaster.pid'), 'utf8');
    return [Number.parseInt(postmaster, 10)];
  }
  const stack = (await runningStack(dir))?.pid;
  const own = (await processes('pid,ppid,args')).filter((line) => line.includes(` ${stack} `));
  return own.filter((line) => line.includes(`${part}.main.js`)).map((line) => Number.parseInt(line, 10));
}

async function processes(columns: string): Promise<string[]> {
  const ps = spawn('ps', ['-eo', columns, '-ww']);
  let output = '';
  ps.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await once(ps, 'close');
  return output.split('\n');
}

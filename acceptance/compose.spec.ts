import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { configurationSchema as commandSide } from '@orders/command-side/configuration.js';
import { NODE_FLAGS } from '@orders/local-stack/node-flags.js';
import { configurationSchema as processManagers } from '@orders/process-managers/configuration.js';
import { configurationSchema as querySide } from '@orders/query-side/configuration.js';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/*
 * Containers cannot run everywhere that the tests do. What can be wrong with the files without running them is
 * found here; that the sides work as three processes is proved by starting them as processes.
 */

interface Service {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly user?: string;
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const root = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The schema of the Compose Specification, as the linter dclint ships it. */
function composeSchema(): Record<string, unknown> {
  const linter = createRequire(import.meta.url).resolve('dclint/package.json');
  const schema = readFileSync(join(linter, '..', 'schemas', 'compose.schema.json'), 'utf8');
  // Its $schema spells draft 07 with https, which no validator knows; draft 07 is what Ajv assumes without.
  return { ...(JSON.parse(schema) as Record<string, unknown>), $schema: undefined };
}

const isComposeFile = new Ajv({ strict: false, allErrors: true }).compile<ComposeFile>(composeSchema());

function composeFile(source: string): ComposeFile {
  const document: unknown = parse(source, { merge: true });
  if (isComposeFile(document)) return document;
  throw new Error(JSON.stringify(isComposeFile.errors, undefined, 2));
}

const compose = text('docker-compose.yml');
const { services, volumes } = composeFile(compose);
const dockerfile = text('Dockerfile');
const manifest = JSON.parse(text('package.json')) as { optionalDependencies: Record<string, string> };

const sides = ['command-side', 'query-side', 'process-managers'];
const servers = ['eventstore', 'rabbitmq', 'postgres'];
const configurationOf: Readonly<Record<string, { readonly shape: object }>> = {
  'command-side': commandSide,
  'query-side': querySide,
  'process-managers': processManagers,
};
const hostOf: Readonly<Record<string, string>> = {
  EVENTSTORE_URL: 'eventstore',
  RABBITMQ_URL: 'rabbitmq',
  DATABASE_URL: 'postgres',
};

function service(name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** The address and the container's port of `127.0.0.1:${PORT:-3000}:3000`. */
function published(port: string): { address: string; container: string } {
  const parts = /^(?:(?<address>[\d.]+):)?(?:\$\{[^}]+\}|\d+):(?<container>\d+)$/.exec(port)?.groups;
  return { address: parts?.['address'] ?? 'every address', container: parts?.['container'] ?? port };
}

/** The names of the variables that Compose replaces; `$$` is how a dollar sign is written. */
function variables(source: string): Set<string> {
  const uncommented = source.replaceAll(/^\s*#.*$/gm, '').replaceAll('$$', '');
  return new Set([...uncommented.matchAll(/\$\{?(\w+)/g)].flatMap(([, name]) => name ?? []));
}

const documented = new Map(
  [...text('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

/** Runs a side's health check as Docker would, against a server that answers every request with `status`. */
async function healthCheck(side: string, status: number): Promise<'healthy' | 'unhealthy'> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/health/ready' ? status : 404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const [, , ...command] = service(side).healthcheck?.test ?? [];
  const here = command.map((argument) => argument.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${String(port)}`));
  const check = promisify(execFile)(process.execPath, here);
  return check
    .then(
      () => 'healthy' as const,
      () => 'unhealthy' as const,
    )
    .finally(() => server.close());
}

/** The lines of one build stage, from its FROM to the next. */
function stage(name: string): string {
  const found = dockerfile
    .split(/^(?=FROM )/m)
    .find((lines) => lines.split('\n')[0]?.endsWith(` AS ${name}`));
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return found;
}

describe('docker-compose.yml', () => {
  it('is what the Compose Specification allows', () => {
    expect(() => composeFile(compose)).not.toThrow();
  });

  it('would be refused with a key that Compose does not know', () => {
    expect(() => composeFile(compose.replaceAll('depends_on:', 'depends_upon:'))).toThrow(/depends_upon/);
  });

  it('runs the three sides and the three servers', () => {
    expect(Object.keys(services).sort()).toEqual([...sides, ...servers].sort());
  });

  it.each([...sides, ...servers])('publishes %s on the loopback address only', (name) => {
    const ports = service(name).ports ?? [];
    expect(ports).not.toHaveLength(0);
    expect(ports.map((port) => published(port).address)).toEqual(ports.map(() => '127.0.0.1'));
  });

  it.each([...sides, ...servers])(
    'tells whether %s is healthy, restarts it, gives it time to stop',
    (name) => {
      const { healthcheck, restart, stop_grace_period } = service(name);
      expect(healthcheck?.test[0]).toBe('CMD');
      expect(restart).toBe('unless-stopped');
      expect(stop_grace_period).toMatch(/^\d+s$/);
    },
  );

  it.each(servers)('pins the version of %s and keeps its data in a named volume', (name) => {
    expect(service(name).image).toMatch(/:\d+\.\d+/);
    const sources = (service(name).volumes ?? []).map((volume) => volume.split(':')[0] ?? volume);
    expect(sources).not.toHaveLength(0);
    expect(Object.keys(volumes)).toEqual(expect.arrayContaining(sources));
  });

  it('keeps the data of Postgres 18 where that image stores it', () => {
    expect(service('postgres').volumes).toEqual([expect.stringMatching(/:\/var\/lib\/postgresql$/)]);
  });

  it('documents every variable that it reads, and no other', () => {
    expect([...variables(compose)].sort()).toEqual([...documented.keys()].sort());
  });

  it('refuses to start without passwords and secrets, of which the example holds none', () => {
    const secrets = [...documented.keys()].filter((name) => /(PASSWORD|SECRET)$/.test(name));
    expect(secrets).toEqual(['POSTGRES_PASSWORD', 'RABBITMQ_PASSWORD', 'PAYMENT_WEBHOOK_SECRET']);
    for (const secret of secrets) {
      expect(documented.get(secret)).toBe('');
      expect(compose.replaceAll(`\${${secret}:?`, '')).not.toContain(`\${${secret}`);
    }
  });
});

describe.each(sides)('the service %s', (side) => {
  const { environment = {}, ...settings } = service(side);

  it('waits until every server it talks to is healthy', () => {
    const needed = Object.keys(environment).flatMap((name) => hostOf[name] ?? []);
    expect(settings.depends_on).toEqual(
      Object.fromEntries(needed.map((name) => [name, { condition: 'service_healthy' }])),
    );
  });

  it('reaches its servers by their names', () => {
    const urls = Object.entries(environment).filter(([name]) => Object.hasOwn(hostOf, name));
    expect(urls).not.toHaveLength(0);
    for (const [name, url] of urls)
      expect(url).toMatch(new RegExp(`[/@]${hostOf[name] ?? 'no server'}:\\d+`));
  });

  it('is told by variables that its configuration knows', () => {
    expect(Object.keys(configurationOf[side]?.shape ?? {})).toEqual(
      expect.arrayContaining(Object.keys(environment)),
    );
  });

  it('listens where its port is published and its health is asked', () => {
    const port = String(environment['PORT'] ?? environment['ADMIN_PORT']);
    expect(environment['BIND_ADDRESS']).toBe('0.0.0.0');
    expect(settings.ports?.map((entry) => published(entry).container)).toEqual([port]);
    expect(settings.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/health/ready`);
    expect(stage(side)).toContain(`EXPOSE ${port}\n`);
  });

  it('is healthy when it says that it is ready, and only then', async () => {
    await expect(healthCheck(side, 200)).resolves.toBe('healthy');
    await expect(healthCheck(side, 503)).resolves.toBe('unhealthy');
  });

  it('has no privileges and cannot change its own files', () => {
    expect(settings).toMatchObject({
      user: 'node',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(settings.privileged).toBeUndefined();
  });

  it('is built from a stage of its own that runs its entry point as another user than root', () => {
    expect(settings.build?.target).toBe(side);
    expect(stage(side)).toContain(`FROM runtime AS ${side}\n`);
    expect(stage(side)).toContain(`CMD ["node", "${side}/dist/main.js"]`);
    expect(stage('runtime')).toContain('USER node\n');
    expect(stage(side)).not.toContain('USER');
  });
});

describe('the command side', () => {
  it('sends customers to where its port is published', () => {
    const { environment = {}, ports = [] } = service('command-side');
    const [port = ''] = ports;
    expect(environment['PUBLIC_URL']).toBe(`http://${port.replace(/:\d+$/, '')}`);
  });
});

describe('the Dockerfile', () => {
  it('runs the Node that the repository pins', () => {
    const [, version] = /^FROM node:([\d.]+)-/m.exec(dockerfile) ?? [];
    expect(Object.values(manifest.optionalDependencies)).toEqual(expect.arrayContaining([version]));
  });

  it('starts Node as the local stack does', () => {
    expect(stage('runtime')).toContain(`ENV NODE_OPTIONS=${NODE_FLAGS.join(' ')}\n`);
  });

  it('never runs the install scripts of packages', () => {
    const installs = dockerfile.match(/npm ci.*/g) ?? [];
    expect(installs).toHaveLength(sides.length + 1);
    for (const install of installs) expect(install).toContain('--ignore-scripts');
  });
});

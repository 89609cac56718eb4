import { ADMIN } from '@orders/shared-events/testing/access.js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testTokens } from '@orders/command-side/payment/test-tokens.js';
import { seedCatalogue } from '@orders/local-stack/demo-catalogue.js';
import { until } from '@orders/shared-events/testing/until.js';
import { ask, get, request } from './client.js';
import { type System, topologies } from './system.js';

let system: System;
let dir: string;
let readme: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'orders-readme-'));
  readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  system = await topologies['one process']();
  await seedCatalogue(dir, system.commands, ADMIN.authorization);
}, 120_000);

afterAll(async () => {
  await system.stop();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

/** The first block of code in that language that begins so. */
function block(language: string, beginning: string): string {
  const found = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].find(
    ([, its, code]) => its === language && code?.startsWith(beginning),
  );
  if (found?.[2] === undefined) throw new Error(`no ${language} block begins with ${beginning}`);
  return found[2];
}

it('every token of the simulated payment provider is in the README, and no other', () => {
  const told = [...readme.matchAll(/`(pm_\w+)`/g)].map(([, token = '']) => token);
  expect(new Set(told)).toEqual(new Set(Object.keys(testTokens)));
});

/** The suites that the table of guarantees names, each with the title that it points to, where it does. */
function suites(): { readonly folder: string; readonly pattern: string; readonly title: string }[] {
  const rows = readme.split('\n').filter((line) => line.startsWith('| ') && line.includes('`-w '));
  return rows.flatMap((row) => {
    let folder = '';
    return [...row.matchAll(/`(?:-w ([\w-]+) )?-- ([\w./-]+)`(?:: _([^_]+)_)?/g)].map(
      ([, named = folder, pattern = '', title = '']) => ({ folder: (folder = named), pattern, title }),
    );
  });
}

it('every suite that shows a guarantee is there, and so is the title that is pointed to', async () => {
  const root = join(import.meta.dirname, '..');
  const missing = [];
  expect(suites().length).toBeGreaterThan(20);
  for (const { folder, pattern, title } of suites()) {
    const specs = (await readdir(join(root, folder), { recursive: true })).filter(
      (path) => path.endsWith('.spec.ts') && path.includes(pattern),
    );
    const texts = await Promise.all(specs.map((path) => readFile(join(root, folder, path), 'utf8')));
    if (!texts.some((text) => text.includes(title))) missing.push({ folder, pattern, title });
  }
  expect(missing).toEqual([]);
});

it('every command that the README names is there', async () => {
  const { scripts } = JSON.parse(await readFile(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
    scripts: object;
  };
  const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

it('the document that the admin API serves is the one that the README leads to', async () => {
  const contracts = join(import.meta.dirname, '..', 'docs', 'contracts');
  expect(readme).toContain('(docs/contracts)');
  const committed: unknown = JSON.parse(await readFile(join(contracts, 'admin.openapi.json'), 'utf8'));
  expect(await get(`${system.admin}/api/openapi.json`)).toEqual(committed);
});

interface Found {
  readonly orders: { readonly edges: readonly { readonly node: { readonly status: string } }[] };
  readonly auditLog: { readonly edges: readonly { readonly node: { readonly type: string } }[] };
}

it('the example of the README, as it stands there, places an order and finds all that came of it', async () => {
  const headers = JSON.parse(block('json', '{ "x-correlation-id"')) as Record<string, string>;
  const placed = await request<object>(system.commands, block('graphql', 'mutation'), {}, headers);
  expect(placed).toMatchObject({ data: { placeOrder: { __typename: 'OrderAccepted' } } });
  const query = block('graphql', 'query');
  const types = async () =>
    (await ask<Found>(system.queries, query)).auditLog.edges.map(({ node }) => node.type);
  await until(async () => (await types()).includes('OrderConfirmed'));
  expect(await types()).toEqual(expect.arrayContaining(['OrderPlaced', 'PaymentCaptured', 'StockReserved']));
  expect((await ask<Found>(system.queries, query)).orders.edges).toMatchObject([
    { node: { status: 'CONFIRMED' } },
  ]);
});

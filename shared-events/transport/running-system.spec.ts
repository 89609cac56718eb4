import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from './configuration.js';
import { NotRunning, apiOf } from './running-system.js';

describe('where an API answers', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'running-'));
    await mkdir(join(folder, '.data'));
    const urls = { admin: 'http://127.0.0.1:1', graphql: 'http://127.0.0.1:2/graphql' };
    await writeFile(join(folder, '.data', 'stack.json'), JSON.stringify({ urls }));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is what its variable says, without a slash at the end', () => {
    expect(apiOf('ADMIN_URL', { ADMIN_URL: 'https://admin/' }, folder)).toBe('https://admin');
    expect(apiOf('GRAPHQL_URL', { GRAPHQL_URL: 'http://q/graphql' }, folder)).toBe('http://q/graphql');
  });

  it('is else what the stack that runs in the folder, or on DATA_DIR, has left', () => {
    expect(apiOf('ADMIN_URL', {}, folder)).toBe('http://127.0.0.1:1');
    expect(apiOf('GRAPHQL_URL', { DATA_DIR: join(folder, '.data'), ADMIN_URL: '' }, '/')).toBe(
      'http://127.0.0.1:2/graphql',
    );
  });

  it('is not looked for in that stack where the other API is elsewhere', () => {
    expect(() => apiOf('GRAPHQL_URL', { ADMIN_URL: 'https://admin' }, folder)).toThrow(
      new ConfigurationError('GRAPHQL_URL is required, e.g. http://host:3000/graphql'),
    );
  });

  it('is refused where it is no URL', () => {
    expect(() => apiOf('ADMIN_URL', { ADMIN_URL: 'admin:3002' }, folder)).toThrow(ConfigurationError);
  });

  it('is nowhere where nothing runs', () => {
    expect(() => apiOf('ADMIN_URL', {}, join(folder, 'elsewhere'))).toThrow(NotRunning);
  });
});

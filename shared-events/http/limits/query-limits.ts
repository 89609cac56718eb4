import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type ValidationContext,
  type ValidationRule,
  specifiedRules,
  validate,
} from 'graphql';
import { type ComplexityEstimator, getComplexity } from 'graphql-query-complexity';

/*
 * What a query may ask for at most, whichever way it comes. The deepest that makes sense here has eight levels
 * (orders, edges, node, payment, refunds, amount, currency, and one to spare); the introspection of GraphiQL, which goes
 * deeper, is not counted.
 */
const MOST_LEVELS = 10;
const MOST_ALIASES = 30;
const MOST_DIRECTIVES = 20;
const MOST_TOKENS = 2_000;
/** A page of a hundred orders, each with all of its fields and some lines and refunds, is about five thousand. */
const MOST_FIELDS = 10_000;

/** Of a list whose caller does not say how much of it they want. */
const USUAL_PAGE = 20;

/** For a parser, which looks at tokens before there is anything to validate. */
export const parseOptions = { maxTokens: MOST_TOKENS };

/** As rules do: unless told they throw, which is an error of the inside to whoever validates. */
const reporting = {
  propagateOnRejection: false,
  onReject: [(context: ValidationContext | null, error: GraphQLError): void => context?.reportError(error)],
};

/** Beside those of GraphQL itself. */
export const limitRules: readonly ValidationRule[] = [
  maxDepthRule({ n: MOST_LEVELS, ...reporting }),
  maxAliasesRule({ n: MOST_ALIASES, ...reporting }),
  maxDirectivesRule({ n: MOST_DIRECTIVES, ...reporting }),
];

export const validateWithin =
  (isSchemaHidden: boolean) =>
  (schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] =>
    validate(schema, document, [
      ...specifiedRules,
      ...limitRules,
      ...(isSchemaHidden ? [NoSchemaIntrospectionCustomRule] : []),
    ]);

interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * Counts the fields that an operation would be answered with, each list as long as it is asked for, by its variables too.
 * Undefined where they are not too many, or the operation is not valid, which others say better.
 */
export function tooCostly(
  schema: GraphQLSchema,
  { document, operationName, variables }: Operation,
): GraphQLError | undefined {
  const fields = fieldsIn(schema, { document, operationName, variables });
  if (fields <= MOST_FIELDS) return undefined;
  return new GraphQLError(
    `it asks for up to ${fields} fields, and ${MOST_FIELDS} are the most: ask for fewer a page`,
    { extensions: { code: 'QUERY_TOO_COSTLY' } },
  );
}

function fieldsIn(schema: GraphQLSchema, { document, operationName, variables }: Operation): number {
  try {
    return getComplexity({
      ...{ schema, query: document, estimators: [fieldsOf], variables: { ...variables } },
      ...(operationName ? { operationName } : {}),
    });
  } catch {
    return 0;
  }
}

const fieldsOf: ComplexityEstimator = ({ args, field, childComplexity }) => {
  const isPage = field.args.some(({ name }) => name === 'first');
  return 1 + childComplexity * (isPage ? pageSize(args) : 1);
};

/** What is no size is refused by its resolver. */
function pageSize({ first, last }: Readonly<Record<string, unknown>>): number {
  const asked = Number(first ?? last ?? USUAL_PAGE);
  return Number.isFinite(asked) && asked > 0 ? asked : 1;
}

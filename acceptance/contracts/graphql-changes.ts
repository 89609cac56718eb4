import {
  type ConstDirectiveNode,
  type GraphQLSchema,
  buildASTSchema,
  buildSchema,
  findBreakingChanges,
  parse,
  visit,
} from 'graphql';

/**
 * What a query that was written for the accepted schema relied on, and no longer can: one line each. What was deprecated
 * when it was accepted may be gone: whoever used it has been told.
 */
export const graphqlChanges = (accepted: string, present: string): string[] =>
  findBreakingChanges(withoutDeprecated(accepted), buildSchema(present)).map(
    ({ description }) => description,
  );

interface Deprecatable {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

function withoutDeprecated(schema: string): GraphQLSchema {
  const removeDeprecated = ({ directives = [] }: Deprecatable): null | undefined =>
    directives.some(({ name }) => name.value === 'deprecated') ? null : undefined;
  const pruned = visit(parse(schema), {
    FieldDefinition: removeDeprecated,
    InputValueDefinition: removeDeprecated,
    EnumValueDefinition: removeDeprecated,
  });
  return buildASTSchema(pruned);
}

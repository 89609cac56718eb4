/** A member of a union as a resolver returns it: with the name by which GraphQL tells it from the others. */
export type Answer<Member> = Member extends { readonly __typename?: infer Name }
  ? Member & { readonly __typename: NonNullable<Name> }
  : never;

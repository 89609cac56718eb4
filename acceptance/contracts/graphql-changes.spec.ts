import { describe, expect, it } from '@jest/globals';
import { graphqlChanges } from './graphql-changes.js';

const accepted = `
  type Query {
    order(id: ID!, at: String): Order
    old: String @deprecated(reason: "Ask for order.")
  }
  type Order { id: ID! state: State reference: String }
  enum State { OPEN DONE LATE @deprecated(reason: "Never told.") }
  input Search { state: State old: String @deprecated(reason: "Has no effect.") }
  type Refusal { code: String! }
  union Outcome = Order | Refusal
`;

describe('a GraphQL schema', () => {
  it.each([
    ['a field is gone', 'reference: String', '', 'Order.reference was removed.'],
    ['a field can be null', 'id: ID! state', 'id: ID state', 'Order.id changed type from ID! to ID.'],
    [
      'a field is of another type',
      'state: State ref',
      'state: Int ref',
      'Order.state changed type from State to Int.',
    ],
    ['an argument is gone', ', at: String', '', 'Query.order arg at was removed.'],
    [
      'an argument that is new has to be there',
      ', at: String',
      ', at: String, shop: ID!',
      'A required arg shop on Query.order was added.',
    ],
    [
      'a field of an input that is new has to be there',
      'input Search {',
      'input Search { shop: ID!',
      'A required field shop on input type Search was added.',
    ],
    ['an enumeration has one value less', 'OPEN DONE', 'OPEN', 'DONE was removed from enum type State.'],
    ['an outcome is gone', ' | Refusal', '', 'Refusal was removed from union type Outcome.'],
    [
      'a type is gone',
      'type Refusal { code: String! }\n  union Outcome = Order | Refusal',
      '',
      'Refusal was removed.',
    ],
  ])('is broken where %s', (_what, before, after, said) => {
    expect(accepted).toContain(before);
    expect(graphqlChanges(accepted, accepted.replace(before, after))).toContain(said);
  });

  it.each([
    ['nothing changes', '', ''],
    ['a field is new', 'reference: String', 'reference: String total: Int'],
    ['a field is never null', 'state: State ref', 'state: State! ref'],
    ['an argument is new', ', at: String', ', at: String, shop: ID'],
    ['an argument may be left out', 'id: ID!, at', 'id: ID, at'],
    ['an enumeration has a further value', 'OPEN DONE', 'OPEN DONE LOST'],
    ['an outcome is new', '| Refusal', '| Refusal | Query'],
    ['a field is deprecated', 'reference: String', 'reference: String @deprecated(reason: "Gone soon.")'],
    ['a deprecated field is gone', 'old: String @deprecated(reason: "Ask for order.")', ''],
    ['a deprecated value is gone', 'LATE @deprecated(reason: "Never told.")', ''],
    ['a deprecated field of an input is gone', 'old: String @deprecated(reason: "Has no effect.")', ''],
  ])('is kept where %s', (_what, before, after) => {
    expect(accepted).toContain(before);
    expect(graphqlChanges(accepted, accepted.replace(before, after))).toEqual([]);
  });
});

import { isDeepStrictEqual } from 'node:util';
import { type Schema, type SchemaObject, alternativesOf, isAnything, isAssertion } from './json-schema.js';

/** Where a value stands, and whether others read it or write it. */
export interface Place {
  readonly at: string;
  readonly side: 'read' | 'written';
  /** Readers were told that enumerations get further values. */
  readonly growing?: boolean;
}

/** Two schemas of which every value of `narrow` has to be one of `wide`. */
interface Pair {
  readonly accepted: SchemaObject;
  readonly present: SchemaObject;
  readonly narrow: SchemaObject;
  readonly wide: SchemaObject;
  readonly place: Place;
}

/**
 * What somebody who knows the accepted schema relied on, and no longer can: one line each. A reader must get nothing
 * that could not come before, and a writer may send all that was taken before; nobody is taken to send a field that
 * their schema does not name.
 *
 * A keyword that is not understood here has to stay as it is: where this is wrong, it refuses too much.
 */
export function schemaChanges(accepted: Schema, present: Schema, place: Place): string[] {
  const [narrow, wide] = place.side === 'read' ? [present, accepted] : [accepted, present];
  if (isAnything(wide) || narrow === false) return [];
  const [narrows, wides] = [alternativesOf(narrow), alternativesOf(wide)];
  if (narrows.length > 1 || wides.length > 1) return unionChanges(narrows, wides, place);
  if (isAnything(narrow) || typeof narrow === 'boolean' || typeof wide === 'boolean')
    return [`${place.at}: was ${text(accepted)}, is ${text(present)}`];
  const pair = {
    ...(place.side === 'read' ? { accepted: wide, present: narrow } : { accepted: narrow, present: wide }),
    ...{ narrow, wide, place },
  };
  return [typeChanges, valueChanges, boundChanges, otherChanges, fieldChanges, itemChanges].flatMap(
    (changes) => changes(pair),
  );
}

/** Each alternative has to be within one of the others; where it is not, what separates it from the nearest. */
function unionChanges(narrows: readonly Schema[], wides: readonly Schema[], place: Place): string[] {
  return narrows.flatMap((narrow) => {
    const changes = wides.map((wide) =>
      place.side === 'read' ? schemaChanges(wide, narrow, place) : schemaChanges(narrow, wide, place),
    );
    return changes.reduce((least, others) => (others.length < least.length ? others : least));
  });
}

function typeChanges(pair: Pair): string[] {
  const { narrow, wide } = pair;
  const isWithin = narrow.type === wide.type || (narrow.type === 'integer' && wide.type === 'number');
  return wide.type === undefined || isWithin ? [] : [changed(pair, 'type')];
}

function valueChanges(pair: Pair): string[] {
  const { narrow, wide, place } = pair;
  const [values, known] = [valuesOf(narrow), valuesOf(wide)];
  if (known === undefined) return [];
  if (values === undefined) return [`${place.at}: ${meets(place)} any value, beside ${list(known)}`];
  const strange = values.filter((value) => !known.some((one) => isDeepStrictEqual(one, value)));
  const mayGrow = place.side === 'read' && place.growing === true && wide.enum !== undefined;
  return strange.length === 0 || mayGrow ? [] : [`${place.at}: ${meets(place)} ${list(strange)}`];
}

const meets = ({ side }: Place) => (side === 'read' ? 'readers may now meet' : 'no longer takes');

const valuesOf = (schema: SchemaObject): readonly unknown[] | undefined =>
  'const' in schema ? [schema.const] : schema.enum;

const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];

function boundChanges(pair: Pair): string[] {
  const { narrow, wide } = pair;
  const isLoose = (keyword: string, isBeyond: (own: number, limit: number) => boolean): boolean => {
    const [own, limit] = [narrow[keyword], wide[keyword]];
    return typeof limit === 'number' && (typeof own !== 'number' || isBeyond(own, limit));
  };
  return [
    ...UPPER.filter((keyword) => isLoose(keyword, (own, limit) => own > limit)),
    ...LOWER.filter((keyword) => isLoose(keyword, (own, limit) => own < limit)),
  ].map((keyword) => changed(pair, keyword));
}

const UNDERSTOOD = [
  ...['type', 'enum', 'const', 'properties', 'required', 'additionalProperties', 'items'],
  ...UPPER,
  ...LOWER,
];

/** Other keywords only narrow, so that a new one on the narrow side is nothing. A default is what leaving it out means. */
function otherChanges(pair: Pair): string[] {
  const { accepted, narrow, wide, place } = pair;
  const others = Object.keys(wide).filter((keyword) => isAssertion(keyword) && !UNDERSTOOD.includes(keyword));
  const meaning = place.side === 'written' && 'default' in accepted ? ['default'] : [];
  return [...others, ...meaning]
    .filter((keyword) => !isDeepStrictEqual(narrow[keyword], wide[keyword]))
    .map((keyword) => changed(pair, keyword));
}

function fieldChanges({ accepted, present, narrow, wide, place }: Pair): string[] {
  const [before, after] = [accepted.properties ?? {}, present.properties ?? {}];
  const below = (field: string): Place => ({ ...place, at: `${place.at}.${field}` });
  const rest = accepted.additionalProperties ?? true;
  const gone = Object.keys(before).filter((field) => !Object.hasOwn(after, field));
  const demanded = (wide.required ?? []).filter(
    (field) => !narrow.required?.includes(field) && !gone.includes(field),
  );
  const isNew = place.side === 'read' ? 'is not always there any more' : 'has to be there now';
  return [
    ...gone.map((field) => `${below(field).at}: is gone`),
    ...demanded.map((field) => `${below(field).at}: ${isNew}`),
    ...Object.entries(after).flatMap(([field, schema]) => {
      const former = before[field] ?? (place.side === 'read' ? rest : undefined);
      return former === undefined ? [] : schemaChanges(former, schema, below(field));
    }),
    ...schemaChanges(rest, present.additionalProperties ?? true, below('*')),
  ];
}

function itemChanges({ accepted, present, place }: Pair): string[] {
  return schemaChanges(accepted.items ?? true, present.items ?? true, { ...place, at: `${place.at}[]` });
}

const changed = ({ accepted, present, place }: Pair, keyword: string): string =>
  `${place.at}: ${keyword} was ${text(accepted[keyword])}, is ${text(present[keyword])}`;

const text = (value: unknown): string => JSON.stringify(value) ?? 'absent';
const list = (values: readonly unknown[]): string => values.map(text).join(', ');

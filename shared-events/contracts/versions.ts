import type { z } from 'zod';
import type { EventOf } from './envelope.js';

/**
 * All shapes that an event type ever had, oldest first. Each old schema transforms its value into the next
 * one's input, so reading an old event is a walk to the end of the list.
 */
export interface Versioned<Current> {
  readonly version: number;
  /** What each version is stored as, oldest first. */
  readonly stored: readonly z.ZodType[];
  readonly current: z.ZodType<Current>;
  /** Throws ZodError on another shape, UnknownVersion on a version that this build does not know. */
  read(version: number, data: unknown): Current;
}

export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion';
}

/** `versions(v1)`, `versions(v1.transform(toV2), v2)`, ...: the last schema is the current one. */
export function versions<Current>(
  ...schemas: readonly [...older: z.ZodType[], current: z.ZodType<Current>]
): Versioned<Current> {
  const current = schemas[schemas.length - 1] as z.ZodType<Current>;
  const older = schemas.slice(0, -1);
  return {
    version: schemas.length,
    stored: schemas,
    current,
    read(version, data) {
      if (!Number.isInteger(version) || version < 1 || version > schemas.length) {
        throw new UnknownVersion(`version ${version} is not one of 1 to ${schemas.length}`);
      }
      const upcast = older.slice(version - 1).reduce<unknown>((value, schema) => schema.parse(value), data);
      return current.parse(upcast);
    },
  };
}

export type EventsOf<Catalogue extends Record<string, Versioned<unknown>>> = {
  [Type in keyof Catalogue & string]: EventOf<
    Type,
    Catalogue[Type] extends Versioned<infer Current> ? Current : never
  >;
}[keyof Catalogue & string];

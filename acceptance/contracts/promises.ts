import { z } from 'zod';
import { apiChanges } from './api-changes.js';
import { channelChanges } from './channel-changes.js';
import { graphqlChanges } from './graphql-changes.js';
import type { Schema } from './json-schema.js';
import { ADMIN_API, ASYNC_API, type Documents, EVENTS } from './paths.js';
import { withoutReferences } from './references.js';
import { storedChanges } from './stored-changes.js';

const Versioned = z.object({
  info: z.object({
    version: z
      .string()
      .regex(/^[1-9]\d*$/)
      .transform(Number),
  }),
});

/** Documents whose version, a whole number, rises with what their users could not take. */
const versioned: Readonly<Record<string, (accepted: unknown, present: unknown) => string[]>> = {
  [ASYNC_API]: channelChanges,
  [ADMIN_API]: apiChanges,
};

const isGraphql = (path: string): boolean => path.endsWith('.graphql');
const isStored = (path: string): boolean => path.startsWith(`${EVENTS}/`);

/** Whether somebody relies on it by itself; the others say the same in another way. */
export const isPromise = (path: string): boolean => path in versioned || isGraphql(path) || isStored(path);

/** What the accepted documents promise and the present ones do not keep: one line each. */
export function brokenPromises(accepted: Documents, present: Documents): string[] {
  return [...accepted].flatMap(([path, before]) => {
    const after = present.get(path);
    const changes = after === undefined ? ['is gone'] : changesOf(path, before, after);
    return changes.map((change) => `${path}: ${change}`);
  });
}

function changesOf(path: string, before: unknown, after: unknown): string[] {
  if (isStored(path)) return storedChanges(before as Schema, after as Schema);
  if (isGraphql(path)) return graphqlChanges(before as string, after as string);
  const [was, is] = [versionOf(before), versionOf(after)];
  if (is !== was) return is > was ? [] : [`version was ${was}, is ${is}`];
  return versioned[path]?.(withoutReferences(before), withoutReferences(after)) ?? ['is not compared'];
}

const versionOf = (document: unknown): number => Versioned.parse(document).info.version;

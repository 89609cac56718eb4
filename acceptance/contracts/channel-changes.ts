import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Schema } from './json-schema.js';
import { schemaChanges } from './schema-changes.js';

const Channel = z.object({
  address: z.string(),
  bindings: z.unknown().optional(),
  messages: z.record(
    z.string(),
    z.object({ contentType: z.string(), bindings: z.unknown().optional(), payload: z.custom<Schema>() }),
  ),
});
type Channel = z.infer<typeof Channel>;

const AsyncApi = z.object({ channels: z.record(z.string(), Channel) });

/** What somebody who listens by the accepted AsyncAPI document relied on, and no longer can: one line each. */
export function channelChanges(accepted: unknown, present: unknown): string[] {
  const now = AsyncApi.parse(present).channels;
  return Object.entries(AsyncApi.parse(accepted).channels).flatMap(([name, before]) => {
    const after = now[name];
    return after
      ? [...placeChanges(name, before, after), ...messageChanges(before, after)]
      : [`${name}: is gone`];
  });
}

/** Where it is published: routing key and exchange. */
const placeChanges = (name: string, before: Channel, after: Channel): string[] =>
  (['address', 'bindings'] as const)
    .filter((part) => !isDeepStrictEqual(before[part], after[part]))
    .map((part) => `${name}: ${part} was ${JSON.stringify(before[part])}, is ${JSON.stringify(after[part])}`);

function messageChanges(before: Channel, after: Channel): string[] {
  return Object.entries(before.messages).flatMap(([name, former]) => {
    const message = after.messages[name];
    if (!message) return [`${name}: is gone`];
    const parts = (['contentType', 'bindings'] as const).filter(
      (part) => !isDeepStrictEqual(former[part], message[part]),
    );
    return [
      ...parts.map(
        (part) => `${name}: ${part} was ${JSON.stringify(former[part])}, is ${JSON.stringify(message[part])}`,
      ),
      ...schemaChanges(former.payload, message.payload, { at: name, side: 'read' }),
    ];
  });
}

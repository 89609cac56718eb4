import { z } from 'zod';
import { Instant, Position } from './fields.js';
import type { SubscriptionRow } from './work.queries.js';

export const Subscription = z.object({
  name: z.string().meta({ example: 'hearing-03' }),
  position: Position.nullable(),
  holder: z.string().nullable().meta({ description: 'The instance that does it now.' }),
  movedAt: Instant,
  caughtUpAt: Instant.nullable(),
  lag: z.object({
    positions: z
      .string()
      .meta({ description: 'Distance to the head; of other streams too, so seldom 0.', example: '12' }),
    seconds: z.number().nullable().meta({
      description:
        'Since nothing was waiting; 5 is normal. Of read models that lack something it is not known here.',
    }),
  }),
});

export const subscriptionOf = (
  { name, position, holder, movedAt, caughtUpAt, secondsBehind }: SubscriptionRow,
  head: bigint,
): z.infer<typeof Subscription> => ({
  ...{ name, position, holder, movedAt, caughtUpAt },
  lag: { positions: distance(head, position), seconds: secondsBehind },
});

function distance(head: bigint, position: string | null): string {
  const behind = head - BigInt(position ?? 0);
  return (behind > 0n ? behind : 0n).toString();
}

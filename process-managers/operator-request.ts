import type { Actor, EventMetadata } from '@orders/shared-events/contracts/envelope.js';
import { type CommandId, type StreamName, processCommandId } from '@orders/shared-events/contracts/ids.js';
import type { Context } from '@orders/shared-events/transport/observability.js';

/** Who asks for something to be done, and why. */
export interface OperatorRequest {
  /** The caller's own, of this request and its repeats. */
  readonly key: string;
  readonly actor: Actor;
  readonly reason: string;
  readonly context: Context;
}

/** The command id of a request about a stream: a repeat finds by it what the first one has recorded. */
export const requestId = (stream: StreamName, { key }: Pick<OperatorRequest, 'key'>): CommandId =>
  processCommandId(stream, `operator:${key}`, stream, 0);

type Asked = Pick<EventMetadata, 'reason' | 'actor'>;

/** Whether an event bears who asked and why: a request under a key that was used for another is told so. */
export const wasAskedBy = (written: Asked, asked: Asked): boolean =>
  written.reason === asked.reason && written.actor.subject === asked.actor.subject;

import type { AllStreamResolvedEvent, ResolvedEvent } from '@eventstore/db-client';
import type { RecordedEvent } from '../contracts/envelope.js';

export type ResolvedLogEvent = AllStreamResolvedEvent | ResolvedEvent;

/** The driver's event as ours; undefined for a link whose target is gone. Data that is no JSON stays bytes. */
export function recorded({ event }: ResolvedLogEvent): RecordedEvent | undefined {
  if (!event) return undefined;
  return {
    id: event.id,
    type: event.type,
    streamId: event.streamId,
    revision: event.revision,
    position: event.position?.commit ?? 0n,
    recordedAt: event.created,
    data: event.data,
    metadata: event.metadata,
  };
}

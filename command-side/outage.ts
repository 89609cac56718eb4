import { isEventStoreOutage } from '@orders/shared-events/transport/outage.js';
import { StreamContended } from './decider.js';

/** True where something that a command needs is away, so that the same command can succeed later. */
export function isOutage(error: unknown): error is Error {
  return error instanceof Error && (error instanceof StreamContended || isEventStoreOutage(error));
}

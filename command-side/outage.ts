import { AppendOutcomeUnknown } from '@orders/shared-events/transport/append-gateway.js';
import { isEventStoreOutage } from '@orders/shared-events/transport/outage.js';
import { StreamContended } from './decider.js';

const OUTAGES = [AppendOutcomeUnknown, StreamContended];

/** True where something that a command needs is away, so that the same command can succeed later. */
export function isOutage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return OUTAGES.some((kind) => error instanceof kind) || isEventStoreOutage(error);
}

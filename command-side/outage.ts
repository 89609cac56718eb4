import { AppendOutcomeUnknown } from '@orders/shared-events/transport/append-gateway.js';
import { isEventStoreOutage } from '@orders/shared-events/transport/outage.js';
import { StreamContended } from './decider.js';
import { ProviderUnavailable } from './payment/provider.js';

const OUTAGES = [AppendOutcomeUnknown, StreamContended, ProviderUnavailable];

/** True where something that a command needs is away, so that the same command can succeed later. */
export function isOutage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return OUTAGES.some((kind) => error instanceof kind) || isEventStoreOutage(error);
}

import { AppendOutcomeUnknown } from '@orders/shared-events/transport/append-gateway.js';
import { StreamContended } from './decider.js';
import { ProviderUnavailable } from './payment/provider.js';

const OUTAGES = [AppendOutcomeUnknown, StreamContended, ProviderUnavailable];
/** How the event store's driver classifies "not reached", "no answer in time" and "not now". */
const DRIVER_OUTAGES = ['unavailable', 'deadline-exceeded', 'timeout', 'cancelled', 'not-leader', 'unknown'];

/** True where something that a command needs is away, so that the same command can succeed later. */
export function isOutage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (OUTAGES.some((kind) => error instanceof kind)) return true;
  return 'type' in error && DRIVER_OUTAGES.some((type) => type === error.type);
}

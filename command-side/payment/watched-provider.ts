import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { type GuardSettings, GuardedProvider } from './guarded-provider.js';
import type { PaymentMetrics } from './payment.metrics.js';
import type { PaymentProvider } from './provider.js';

/** A guarded provider whose calls are measured, and whose outages are told to the log: where they begin and end. */
export function watched(
  provider: PaymentProvider,
  settings: GuardSettings,
  metrics: PaymentMetrics,
  logger: LogSink,
): GuardedProvider {
  const guard = new GuardedProvider(provider, settings, {
    called: (result) => metrics.called(result),
    turned: (isThere) => {
      if (isThere) logger.info({}, 'the payment provider is back');
      else logger.warn({}, 'the payment provider is away: payments are deferred');
    },
  });
  metrics.watchBreaker(() => guard.breaker);
  return guard;
}

import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { AppendMetrics } from './append.metrics.js';
import type { backEnds } from './configuration.js';
import { EventStore } from './event-store.js';
import { type BusOptions, MessageBus } from './message-bus.js';
import type { OnStop } from './process-lifetime.js';

type BackEndUrls = z.infer<z.ZodObject<Pick<typeof backEnds, 'EVENTSTORE_URL' | 'RABBITMQ_URL'>>>;

/** A process's one event store and one message bus, which end with it. Waits for the broker until the process is stopped. */
export async function openConnections(
  { EVENTSTORE_URL, RABBITMQ_URL }: BackEndUrls,
  { metrics, ...options }: Omit<BusOptions, 'url'> & { readonly metrics: Registry },
  onStop: OnStop,
): Promise<{ readonly eventStore: EventStore; readonly messageBus: MessageBus }> {
  const eventStore = new EventStore(EVENTSTORE_URL, options.logger, new AppendMetrics(metrics).ended);
  onStop(() => eventStore.close());
  const stop = new AbortController();
  onStop(() => Promise.resolve(stop.abort(new Error('stopped while it waited for the broker'))));
  const messageBus = await MessageBus.connect({ url: RABBITMQ_URL, ...options }, stop.signal);
  onStop(() => messageBus.close());
  return { eventStore, messageBus };
}

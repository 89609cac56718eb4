import { type DynamicModule, Module } from '@nestjs/common';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { METRICS } from '@orders/shared-events/http/metrics.controller.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { Registry } from 'prom-client';

/** Token of the LogSink. */
export const LOGGER = Symbol('logger');

export interface Connections {
  /** The process's only appending client. Whoever made it closes it, after this side has shut down. */
  readonly eventStore: EventStore;
  /** Connected with the topology of the commands. Whoever made it closes it. */
  readonly messageBus: MessageBus;
  readonly logger: LogSink;
  /** What the process tells of itself in numbers. */
  readonly metrics: Registry;
}

/** What the composition root has connected to. */
@Module({})
export class TransportModule {
  static register({ eventStore, messageBus, logger, metrics }: Connections): DynamicModule {
    const providers = [
      { provide: EventStore, useValue: eventStore },
      { provide: MessageBus, useValue: messageBus },
      { provide: LOGGER, useValue: logger },
      { provide: METRICS, useValue: metrics },
    ];
    return { module: TransportModule, providers, exports: providers };
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { effectsWithSnapshots } from '../effects.js';
import { LOGGER } from '../transport.module.js';
import { StockHandler } from './stock.handler.js';
import { StockResolver } from './stock.resolver.js';
import { Stocks } from './stocks.js';

@Module({})
export class StockModule {
  static register(transport: DynamicModule, product: DynamicModule): DynamicModule {
    return {
      module: StockModule,
      imports: [transport, product],
      providers: [
        {
          provide: Stocks,
          useFactory: (store: EventStore, logger: LogSink) => new Stocks(effectsWithSnapshots(store, logger)),
          inject: [EventStore, LOGGER],
        },
        StockHandler,
        StockResolver,
      ],
      exports: [Stocks],
    };
  }
}

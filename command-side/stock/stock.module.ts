import { type DynamicModule, Module } from '@nestjs/common';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { effectsOf } from '../effects.js';
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
          useFactory: (store: EventStore) => new Stocks(effectsOf(store)),
          inject: [EventStore],
        },
        StockHandler,
        StockResolver,
      ],
      exports: [Stocks],
    };
  }
}

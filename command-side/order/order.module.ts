import { type DynamicModule, Module } from '@nestjs/common';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { effectsOf } from '../effects.js';
import { Products } from '../product/products.js';
import { OrderHandler } from './order.handler.js';
import { OrderResolver } from './order.resolver.js';
import { Orders } from './orders.js';
import { noAdjustments } from './pricing.js';
import { Quotes } from './quotes.js';

@Module({})
export class OrderModule {
  static register(transport: DynamicModule, product: DynamicModule): DynamicModule {
    return {
      module: OrderModule,
      imports: [transport, product],
      providers: [
        {
          provide: Orders,
          useFactory: (store: EventStore) => new Orders(effectsOf(store)),
          inject: [EventStore],
        },
        {
          provide: Quotes,
          useFactory: (products: Products) => new Quotes(products, noAdjustments),
          inject: [Products],
        },
        OrderHandler,
        OrderResolver,
      ],
      exports: [Orders],
    };
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { effectsOf } from '../effects.js';
import { ProductHandler } from './product.handler.js';
import { ProductResolver } from './product.resolver.js';
import { Products } from './products.js';

@Module({})
export class ProductModule {
  static register(transport: DynamicModule): DynamicModule {
    return {
      module: ProductModule,
      imports: [transport],
      providers: [
        {
          provide: Products,
          useFactory: (store: EventStore) => new Products(effectsOf(store)),
          inject: [EventStore],
        },
        ProductHandler,
        ProductResolver,
      ],
      exports: [Products],
    };
  }
}

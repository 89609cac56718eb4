import { Module } from '@nestjs/common';
import { OrderChanges } from './order-changes.js';
import { OrderQueries } from './orders.queries.js';
import { OrdersResolver } from './orders.resolver.js';

@Module({ providers: [OrderQueries, OrderChanges, OrdersResolver] })
export class OrdersModule {}

import { Module } from '@nestjs/common';
import { OrderChanges } from './order-changes.js';
import { OrderPaymentResolver } from './order-payment.resolver.js';
import { OrderQueries } from './orders.queries.js';
import { OrdersResolver } from './orders.resolver.js';

@Module({ providers: [OrderQueries, OrderChanges, OrdersResolver, OrderPaymentResolver] })
export class OrdersModule {}

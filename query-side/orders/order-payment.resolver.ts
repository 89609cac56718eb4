import { UseFilters } from '@nestjs/common';
import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { OrderRefund } from '../graphql.generated.js';
import { OutageFilter } from '../graphql/bad-input.filter.js';
import { perRequest } from '../graphql/loader.js';
import { type OrderPaymentNode, orderRefundNode } from './order.node.js';
import { OrderQueries } from './orders.queries.js';

@Resolver('OrderPayment')
@UseFilters(OutageFilter)
export class OrderPaymentResolver {
  readonly #refunds = perRequest((orderIds: readonly string[]) => this.orders.refunds(orderIds));

  constructor(private readonly orders: OrderQueries) {}

  @ResolveField('refunds')
  async refunds(@Parent() payment: OrderPaymentNode, @Context() request: object): Promise<OrderRefund[]> {
    const rows = await this.#refunds(request).load(payment.orderId);
    return rows.map((row) => orderRefundNode(row, payment.captured.currency));
  }
}

import { UseFilters } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import type {
  OrderLine,
  QueryOrderArgs,
  QueryOrdersArgs,
  SubscriptionOrderChangedArgs,
} from '../graphql.generated.js';
import { BadInputFilter, OutageFilter } from '../graphql/bad-input.filter.js';
import { InvalidInput, orderFilterInput, parse } from '../graphql/input.js';
import { perRequest } from '../graphql/loader.js';
import { keyOf } from '../paging/global-id.js';
import { type Connection, mapNodes } from '../paging/page.js';
import { OrderChanges } from './order-changes.js';
import type { OrderRow } from './order-row.js';
import { type OrderNode, orderLineNode, orderNode } from './order.node.js';
import { OrderQueries } from './orders.queries.js';

@Resolver('Order')
@UseFilters(OutageFilter, BadInputFilter)
export class OrdersResolver {
  readonly #lines = perRequest((orderIds: readonly string[]) => this.orders.lines(orderIds));

  constructor(
    private readonly orders: OrderQueries,
    private readonly changes: OrderChanges,
  ) {}

  @Query('order')
  async order(@Args() ids: QueryOrderArgs): Promise<OrderNode | undefined> {
    const row = await this.orders.find(oneOrderId(ids));
    return row && orderNode(row);
  }

  @Query('orders')
  async page(@Args() args: QueryOrdersArgs): Promise<Connection<OrderNode>> {
    const filter = parse(orderFilterInput, args.filter ?? {}, 'filter');
    return mapNodes(await this.orders.page(filter, args), orderNode);
  }

  @ResolveField('lines')
  async lines(@Parent() order: OrderNode, @Context() request: object): Promise<OrderLine[]> {
    const rows = await this.#lines(request).load(order.orderId);
    return rows.map((row) => orderLineNode(row, order.total.currency));
  }

  @Subscription('orderChanged', {
    resolve: (row: OrderRow): OrderNode => orderNode(row),
  })
  orderChanged(@Args() args: SubscriptionOrderChangedArgs): Promise<AsyncIterableIterator<OrderRow>> {
    return this.changes.watch(parse(OrderId, args.orderId, 'orderId'));
  }
}

function oneOrderId({ id, orderId }: QueryOrderArgs): string {
  if (typeof id === 'string' && typeof orderId === 'string') {
    throw new InvalidInput('id', 'and orderId exclude each other');
  }
  return typeof id === 'string'
    ? parse(OrderId, keyOf('Order', id), 'id')
    : parse(OrderId, orderId, 'orderId');
}

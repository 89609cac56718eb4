import { UseFilters } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { Caller } from '@orders/shared-events/http/access/access.guard.js';
import { ANYBODY_KNOWN, Allow } from '@orders/shared-events/http/access/permissions.js';
import { type Principal, ownerOf } from '@orders/shared-events/http/access/principal.js';
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
  @Allow('orders:read', ...ANYBODY_KNOWN)
  async order(@Args() ids: QueryOrderArgs, @Caller() caller: Principal): Promise<OrderNode | undefined> {
    const row = await this.orders.find(oneOrderId(ids), ownerOf(caller));
    return row && orderNode(row);
  }

  @Query('orders')
  @Allow('orders:read', ...ANYBODY_KNOWN)
  async page(@Args() args: QueryOrdersArgs, @Caller() caller: Principal): Promise<Connection<OrderNode>> {
    const filter = parse(orderFilterInput, args.filter ?? {}, 'filter');
    return mapNodes(await this.orders.page({ ...filter, owner: ownerOf(caller) }, args), orderNode);
  }

  @ResolveField('lines')
  async lines(@Parent() order: OrderNode, @Context() request: object): Promise<OrderLine[]> {
    const rows = await this.#lines(request).load(order.orderId);
    return rows.map((row) => orderLineNode(row, order.total.currency));
  }

  @Subscription('orderChanged', {
    resolve: (row: OrderRow): OrderNode => orderNode(row),
  })
  @Allow('orders:read', ...ANYBODY_KNOWN)
  orderChanged(
    @Args() args: SubscriptionOrderChangedArgs,
    @Caller() caller: Principal,
  ): Promise<AsyncIterableIterator<OrderRow>> {
    return this.changes.watch(parse(OrderId, args.orderId, 'orderId'), ownerOf(caller));
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

import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { type OrderId, orderStream } from '@orders/shared-events/contracts/ids.js';
import { Caller } from '@orders/shared-events/http/access/access.guard.js';
import { ANYBODY_KNOWN, Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import { type Principal, ownerOf } from '@orders/shared-events/http/access/principal.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { CancelOrderResult, PlaceOrderResult, ShipOrderResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { addressed } from '../request.js';
import { notFound, cancellationAnswer, placementAnswer, shipmentAnswer } from './order.answer.js';
import { OnOrder, type OrderRequest } from './order.handler.js';
import { cancelOrderInput, orderRequested, placeOrderInputOf, shipOrderInput } from './order.input.js';
import { type OrderOutcome, Orders } from './orders.js';

@Resolver()
@UseFilters(OutageFilter)
export class OrderResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly orders: Orders,
  ) {}

  @Mutation()
  @Allow('orders:write', ...ANYBODY_KNOWN)
  async placeOrder(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<PlaceOrderResult>> {
    const request = readInput(placeOrderInputOf(ownerOf(caller)), input);
    if ('invalid' in request) return request.invalid;
    return placementAnswer(await this.#execute(orderRequested(request.data), caller));
  }

  @Mutation()
  @Allow('orders:write', ...ANYBODY_KNOWN)
  async cancelOrder(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<CancelOrderResult>> {
    const request = readInput(cancelOrderInput, input);
    if ('invalid' in request) return request.invalid;
    const { orderId, reason } = request.data;
    const command = { type: 'RequestCancellation', data: request.data } as const;
    return cancellationAnswer(orderId, await this.#onOwn(orderId, command, caller, reason));
  }

  @Mutation()
  @Allow('orders:fulfil', ...STAFF)
  async shipOrder(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<ShipOrderResult>> {
    const request = readInput(shipOrderInput, input);
    if ('invalid' in request) return request.invalid;
    const command = { type: 'ShipOrder', data: request.data } as const;
    return shipmentAnswer(request.data.orderId, await this.#execute(command, caller));
  }

  /** Of others' orders a customer knows nothing. */
  async #onOwn(
    orderId: OrderId,
    command: OrderRequest,
    caller: Principal,
    reason: string,
  ): Promise<OrderOutcome> {
    const isVisible = await this.orders.isVisibleTo(ownerOf(caller), orderId);
    return isVisible ? this.#execute(command, caller, reason) : notFound(orderId);
  }

  #execute(command: OrderRequest, { actor }: Principal, reason?: string): Promise<OrderOutcome> {
    const stream = orderStream(command.data.orderId);
    return this.commands.execute(new OnOrder(addressed(stream, command, actor, reason)));
  }
}

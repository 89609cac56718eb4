import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import type { Actor } from '@orders/shared-events/contracts/envelope.js';
import { orderStream } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { CancelOrderResult, PlaceOrderResult, ShipOrderResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { OPERATOR, addressed } from '../request.js';
import { cancellationAnswer, placementAnswer, shipmentAnswer } from './order.answer.js';
import { OnOrder, type OrderRequest } from './order.handler.js';
import { cancelOrderInput, orderRequested, placeOrderInput, shipOrderInput } from './order.input.js';
import type { OrderOutcome } from './orders.js';

@Resolver()
@UseFilters(OutageFilter)
export class OrderResolver {
  constructor(private readonly commands: CommandBus) {}

  @Mutation()
  async placeOrder(@Args('input') input: unknown): Promise<Answer<PlaceOrderResult>> {
    const request = readInput(placeOrderInput, input);
    if ('invalid' in request) return request.invalid;
    const command = orderRequested(request.data);
    return placementAnswer(
      await this.#execute(command, { kind: 'customer', subject: request.data.customerId }),
    );
  }

  @Mutation()
  async cancelOrder(@Args('input') input: unknown): Promise<Answer<CancelOrderResult>> {
    const request = readInput(cancelOrderInput, input);
    if ('invalid' in request) return request.invalid;
    const command = { type: 'RequestCancellation', data: request.data } as const;
    return cancellationAnswer(
      request.data.orderId,
      await this.#execute(command, OPERATOR, request.data.reason),
    );
  }

  @Mutation()
  async shipOrder(@Args('input') input: unknown): Promise<Answer<ShipOrderResult>> {
    const request = readInput(shipOrderInput, input);
    if ('invalid' in request) return request.invalid;
    const command = { type: 'ShipOrder', data: request.data } as const;
    return shipmentAnswer(request.data.orderId, await this.#execute(command, OPERATOR));
  }

  #execute(command: OrderRequest, actor: Actor, reason?: string): Promise<OrderOutcome> {
    const stream = orderStream(command.data.orderId);
    return this.commands.execute(new OnOrder(addressed(stream, command, actor, reason)));
  }
}

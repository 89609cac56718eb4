import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { paymentStream } from '@orders/shared-events/contracts/ids.js';
import { Caller } from '@orders/shared-events/http/access/access.guard.js';
import { ANYBODY_KNOWN, Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import { type Principal, ownerOf } from '@orders/shared-events/http/access/principal.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { RefundPaymentResult, RetryPaymentResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { notFound } from '../order/order.answer.js';
import { Orders } from '../order/orders.js';
import { addressed } from '../request.js';
import { refundAnswer, retryAnswer } from './payment.answer.js';
import { OnPayment } from './payment.handler.js';
import { refundPaymentInput, refundRequested, retryPaymentInput, retryRequested } from './payment.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class PaymentResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly orders: Orders,
  ) {}

  @Mutation()
  @Allow('orders:write', ...ANYBODY_KNOWN)
  async retryPayment(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<RetryPaymentResult>> {
    const request = readInput(retryPaymentInput, input);
    if ('invalid' in request) return request.invalid;
    const { orderId } = request.data;
    if (!(await this.orders.isVisibleTo(ownerOf(caller), orderId)))
      return retryAnswer(orderId, notFound(orderId));
    const command = retryRequested(request.data);
    const stream = paymentStream(command.data.paymentId);
    const outcome = await this.commands.execute(new OnPayment(addressed(stream, command, caller.actor)));
    return retryAnswer(orderId, outcome);
  }

  @Mutation()
  @Allow('payments:write', ...STAFF)
  async refundPayment(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<RefundPaymentResult>> {
    const request = readInput(refundPaymentInput, input);
    if ('invalid' in request) return request.invalid;
    const command = refundRequested(request.data);
    const stream = paymentStream(command.data.paymentId);
    const outcome = await this.commands.execute(
      new OnPayment(addressed(stream, command, caller.actor, request.data.reason)),
    );
    return refundAnswer(request.data, outcome);
  }
}

import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { RefundPaymentResult, RetryPaymentResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { CUSTOMER, OPERATOR, addressed } from '../request.js';
import { refundAnswer, retryAnswer } from './payment.answer.js';
import { OnPayment } from './payment.handler.js';
import { refundPaymentInput, refundRequested, retryPaymentInput, retryRequested } from './payment.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class PaymentResolver {
  constructor(private readonly commands: CommandBus) {}

  @Mutation()
  async retryPayment(@Args('input') input: unknown): Promise<Answer<RetryPaymentResult>> {
    const request = readInput(retryPaymentInput, input);
    if ('invalid' in request) return request.invalid;
    const command = retryRequested(request.data);
    const stream = paymentStream(command.data.paymentId);
    const outcome = await this.commands.execute(new OnPayment(addressed(stream, command, CUSTOMER)));
    return retryAnswer(request.data.orderId, outcome);
  }

  @Mutation()
  async refundPayment(@Args('input') input: unknown): Promise<Answer<RefundPaymentResult>> {
    const request = readInput(refundPaymentInput, input);
    if ('invalid' in request) return request.invalid;
    const command = refundRequested(request.data);
    const stream = paymentStream(command.data.paymentId);
    const outcome = await this.commands.execute(
      new OnPayment(addressed(stream, command, OPERATOR, request.data.reason)),
    );
    return refundAnswer(request.data, outcome);
  }
}

import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { RefundPaymentResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { OPERATOR, addressed } from '../request.js';
import { refundAnswer } from './payment.answer.js';
import { OnPayment } from './payment.handler.js';
import { refundPaymentInput, refundRequested } from './payment.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class PaymentResolver {
  constructor(private readonly commands: CommandBus) {}

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

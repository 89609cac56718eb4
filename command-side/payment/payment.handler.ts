import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import type { PaymentCommand } from './payment.js';
import { type PaymentOutcome, Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';

/** Any command to a payment. */
export class OnPayment extends Command<PaymentOutcome> {
  constructor(readonly addressed: Addressed<PaymentCommand>) {
    super();
  }
}

/** The intent first, then the provider, then the outcome: a crash between any two leaves something to go on from. */
@CommandHandler(OnPayment)
export class PaymentHandler implements ICommandHandler<OnPayment> {
  constructor(
    private readonly payments: Payments,
    private readonly calls: ProviderCalls,
  ) {}

  async execute({ addressed }: OnPayment): Promise<PaymentOutcome> {
    const isFirst = addressed.command.type === 'AuthorizePayment';
    const outcome = await this.payments.execute(addressed, { expectNew: isFirst });
    if (outcome.outcome === 'refused') return outcome;
    const origin = { ...addressed.origin, causationId: addressed.commandId };
    const state = await this.calls.settle(outcome.state, origin, outcome.outcome === 'happened');
    return { ...outcome, state };
  }
}

import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, orderStream } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import type { Outcome } from '../decider.js';
import type { OrderStatusRefusal } from '../order/order.commands.js';
import type { OrderState } from '../order/order.state.js';
import { Orders } from '../order/orders.js';
import type { PaymentCommand, PaymentRefusal, PaymentState } from './payment.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';

/** Refused by the payment, or because of where its order stands. */
export type PaymentAnswer = Outcome<PaymentState, PaymentEvent, PaymentRefusal | OrderStatusRefusal>;

/** Any command to a payment. */
export class OnPayment extends Command<PaymentAnswer> {
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
    private readonly orders: Orders,
  ) {}

  async execute({ addressed }: OnPayment): Promise<PaymentAnswer> {
    const { command } = addressed;
    const ended = command.type === 'RetryPayment' ? await this.#endedOrder(command.data.orderId) : undefined;
    if (ended) return { outcome: 'refused', refusal: ended };
    // A call may have been made by another process: the store would take the intent for the repeat that it is, and tell
    // nobody. What is read now shows it, and the provider is asked first. Two that carry it out at one moment may still
    // both call: under one key, which takes effect once.
    const outcome = await this.payments.execute(addressed, { from: 'read' });
    if (outcome.outcome === 'refused') return outcome;
    const origin = { ...addressed.origin, causationId: addressed.commandId };
    const state = await this.calls.settle(outcome.state, origin, outcome.events);
    return { ...outcome, state };
  }

  /**
   * Spares the customer a charge that would only be given back. It promises nothing: an order may end between this look
   * and the append. Then the order's process voids the payment, or, where the attempt came first, what comes of it.
   */
  async #endedOrder(orderId: OrderId): Promise<OrderStatusRefusal | undefined> {
    const { state } = await this.orders.load(orderStream(orderId));
    const code = whyNotPayable(state);
    return code && { code, orderId };
  }
}

/** Of an order that went on the payment itself says that it has succeeded. */
function whyNotPayable(order: OrderState): OrderStatusRefusal['code'] | undefined {
  switch (order.status) {
    case 'none':
      return 'ORDER_NOT_FOUND';
    case 'rejected':
      return 'ORDER_REJECTED';
    case 'cancelled':
      return 'ORDER_CANCELLED';
    case 'placed':
    case 'confirmed':
      return order.cancellationRequested ? 'CANCELLATION_REQUESTED' : undefined;
    case 'shipped':
    case 'completed':
      return undefined;
  }
}

import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { DeciderRunner, type Outcome } from '../decider.js';
import type { Effects } from '../effects.js';
import { type PaymentCommand, type PaymentRefusal, type PaymentState, payment } from './payment.js';

export type PaymentOutcome = Outcome<PaymentState, PaymentEvent, PaymentRefusal>;

/** All payments. */
export class Payments extends DeciderRunner<PaymentState, PaymentCommand, PaymentEvent, PaymentRefusal> {
  constructor(effects: Effects) {
    super(payment, effects);
  }
}

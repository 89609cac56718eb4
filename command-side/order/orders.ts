import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import { DeciderRunner, type Outcome } from '../decider.js';
import type { Effects } from '../effects.js';
import type { OrderCommand, OrderRefusal } from './order.commands.js';
import { order } from './order.js';
import type { OrderState } from './order.state.js';

export type OrderOutcome = Outcome<OrderState, OrderEvent, OrderRefusal>;

/** All orders. */
export class Orders extends DeciderRunner<OrderState, OrderCommand, OrderEvent, OrderRefusal> {
  constructor(effects: Effects) {
    super(order, effects);
  }
}

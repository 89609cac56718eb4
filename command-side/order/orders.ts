import { type CustomerId, type OrderId, orderStream } from '@orders/shared-events/contracts/ids.js';
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

  /**
   * Whether it is that customer's, or there; whose an order is never changes. Throws what reading the log throws.
   * @param owner undefined: who sees all orders, also those that are not there
   */
  async isVisibleTo(owner: CustomerId | undefined, orderId: OrderId): Promise<boolean> {
    if (owner === undefined) return true;
    const { state } = await this.load(orderStream(orderId));
    return state.status !== 'none' && state.customerId === owner;
  }
}

import { z } from 'zod';
import type { CommandsOf } from './commands.js';
import { OrderId } from './ids.js';
import { RejectionReason } from './order.events.js';

/** The commands that the order process sends to Order over the bus. */
export const orderCommands = {
  ConfirmOrder: z.object({ orderId: OrderId }),
  RejectOrder: z.object({
    orderId: OrderId,
    reason: RejectionReason,
  }),
  /** An operator has the order undone: it is marked before anything is given back, so that nobody confirms or ships it. */
  RequestCancellation: z.object({ orderId: OrderId, reason: z.string().min(1).max(500) }),
  CancelOrder: z.object({ orderId: OrderId }),
  CompleteOrder: z.object({ orderId: OrderId }),
};
export type OrderBusCommand = CommandsOf<typeof orderCommands>;

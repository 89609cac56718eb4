import type { CommandBus } from '@nestjs/cqrs';
import type { BusCommand } from '@orders/shared-events/contracts/commands.js';
import type { CommandMessage } from '@orders/shared-events/contracts/envelope.js';
import { orderStream, paymentStream, stockStream } from '@orders/shared-events/contracts/ids.js';
import type { CarryOut } from './command-consumer.js';
import { OnOrder } from './order/order.handler.js';
import { OnPayment } from './payment/payment.handler.js';
import { OnStock } from './stock/stock.handler.js';

/** Has the handler of the aggregate carry out what came over the bus. */
export const carryOutBy =
  (commands: Pick<CommandBus, 'execute'>): CarryOut =>
  async (message, command) => {
    const outcome = await execute(commands, message, command);
    return outcome.outcome === 'refused' ? outcome.refusal.code : undefined;
  };

function execute(
  commands: Pick<CommandBus, 'execute'>,
  { commandId, origin }: CommandMessage,
  command: BusCommand,
) {
  switch (command.type) {
    case 'ConfirmOrder':
    case 'RejectOrder':
    case 'RequestCancellation':
    case 'CancelOrder':
    case 'CompleteOrder':
      return commands.execute(
        new OnOrder({ commandId, origin, command, stream: orderStream(command.data.orderId) }),
      );
    case 'AuthorizePayment':
    case 'CapturePayment':
    case 'VoidAuthorization':
    case 'RefundPayment':
      return commands.execute(
        new OnPayment({ commandId, origin, command, stream: paymentStream(command.data.paymentId) }),
      );
    case 'ReserveStock':
    case 'ConfirmReservation':
    case 'CommitReservation':
    case 'ReleaseReservation':
    case 'ExpireReservation':
      return commands.execute(
        new OnStock({ commandId, origin, command, stream: stockStream(command.data.sku) }),
      );
  }
}

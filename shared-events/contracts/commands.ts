import type { z } from 'zod';
import { type CommandMessage, type CommandOf } from './envelope.js';
import { type OrderBusCommand, orderCommands } from './order.commands.js';
import { type PaymentBusCommand, paymentCommands } from './payment.commands.js';
import { type StockBusCommand, stockCommands } from './stock.commands.js';

export type CommandsOf<Catalogue extends Record<string, z.ZodType>> = {
  [Type in keyof Catalogue & string]: CommandOf<Type, z.infer<Catalogue[Type]>>;
}[keyof Catalogue & string];

/** The aggregates that take commands from the bus; the first word of a routing key, e.g. `payment.CapturePayment`. */
export const busCommands = { order: orderCommands, payment: paymentCommands, stock: stockCommands } as const;
export type BusAggregate = keyof typeof busCommands;
export type BusCommand = OrderBusCommand | PaymentBusCommand | StockBusCommand;

export class UnknownCommandType extends Error {
  override readonly name = 'UnknownCommandType';
}

/** Decodes what came over the bus. Throws UnknownCommandType or ZodError: such a message is dead-lettered. */
export function readCommand(message: CommandMessage): BusCommand {
  for (const catalogue of Object.values(busCommands)) {
    const schemas: Readonly<Record<string, z.ZodType>> = catalogue;
    const schema = Object.hasOwn(schemas, message.type) ? schemas[message.type] : undefined;
    if (schema) return { type: message.type, data: schema.parse(message.data) } as BusCommand;
  }
  throw new UnknownCommandType(`unknown command type ${JSON.stringify(message.type)}`);
}

export function aggregateOf(command: BusCommand): BusAggregate {
  if (Object.hasOwn(orderCommands, command.type)) return 'order';
  return Object.hasOwn(paymentCommands, command.type) ? 'payment' : 'stock';
}

import type { BusCommand } from '@orders/shared-events/contracts/commands.js';
import {
  type CommandId,
  type OrderId,
  type StreamName,
  orderProcessStream,
  processCommandId,
} from '@orders/shared-events/contracts/ids.js';

/** A command that the process wants to see answered. It is sent again until its answer is heard. */
export interface OutstandingCommand {
  readonly commandId: CommandId;
  /** The stream of the aggregate that decides it. */
  readonly stream: StreamName;
  readonly command: BusCommand;
  /** Not to be sent before this instant: the pause after a recorded failure. */
  readonly notBefore?: string;
}

/**
 * The n-th (from 1) command of its type to one aggregate; `about` tells apart those that may be sent side by side.
 * A resend is the same command with the same id.
 */
export function outstanding(
  orderId: OrderId,
  stream: StreamName,
  command: BusCommand,
  generation: number,
  { notBefore, about = '' }: { readonly notBefore?: string | undefined; readonly about?: string } = {},
): OutstandingCommand {
  const step = about === '' ? command.type : `${command.type}:${about}`;
  const commandId = processCommandId(orderProcessStream(orderId), step, stream, generation);
  return { commandId, stream, command, ...(notBefore === undefined ? {} : { notBefore }) };
}

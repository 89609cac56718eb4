import { aggregateOf } from '@orders/shared-events/contracts/commands.js';
import {
  COMMAND_TIME_TO_LIVE_MS,
  type CommandMessage,
  type Origin,
} from '@orders/shared-events/contracts/envelope.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { COMMANDS, commandRoutingKey } from '@orders/shared-events/transport/topology.js';
import type { OutstandingCommand } from './order-process/outstanding.js';

export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

/** Publishes one command; resolves once the broker has it in a queue. Does not wait for a broker that is away. */
export async function sendCommand(
  bus: Pick<MessageBus, 'publish' | 'connected'>,
  { commandId, command }: OutstandingCommand,
  origin: Origin,
  sentAt: string,
): Promise<void> {
  if (!bus.connected) throw new NotConnected('the broker is away');
  const expiresAt = later(sentAt, COMMAND_TIME_TO_LIVE_MS);
  const message: CommandMessage = { commandId, ...command, origin, sentAt, expiresAt };
  await bus.publish(COMMANDS, commandRoutingKey(aggregateOf(command), command.type), message, {
    messageId: commandId,
    type: command.type,
    mandatory: true,
  });
}

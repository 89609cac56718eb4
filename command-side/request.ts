import { randomUUID } from 'node:crypto';
import type { Actor, Addressed } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, type StreamName } from '@orders/shared-events/contracts/ids.js';
import { contextOf, currentContext } from '@orders/shared-events/transport/observability.js';

/**
 * A caller's command on its way to a stream. Each request has a command id of its own: that it repeats an earlier
 * one is told by the stream's state, since a caller may send other content under the same key.
 */
export function addressed<Command>(
  stream: StreamName,
  command: Command,
  actor: Actor,
  reason?: string,
): Addressed<Command> {
  const commandId = CommandId.parse(randomUUID());
  const context = currentContext() ?? contextOf(undefined, undefined);
  const origin = { ...context, causationId: commandId, actor };
  return { commandId, stream, command, origin: reason === undefined ? origin : { ...origin, reason } };
}

/** Of what the payment provider answers, tells and is asked. */
export const PROVIDER: Actor = { kind: 'service', subject: 'payment-provider' };

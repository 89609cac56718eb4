import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { COMMANDS, deadLetterRoute } from '@orders/shared-events/transport/topology.js';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { get } from './client.js';
import type { System } from './system.js';

export interface Letter {
  readonly id: string;
  readonly state: string;
  readonly times: number;
  readonly version: number;
}

/** A command that has an order cancelled: its money is given back, and its stock. */
export const cancellationOf = (orderId: OrderId): object => ({
  ...{ commandId: randomUUID(), type: 'RequestCancellation', data: { orderId, reason: 'a spec wants it' } },
  origin: {
    ...{ correlationId: 'of-a-letter', causationId: 'of-a-letter' },
    actor: { kind: 'system', subject: 'spec' },
  },
  ...{ sentAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:01:00.000Z' },
});

/** A message to the command side that nobody there understands. */
export const undecodable = (system: System, body: object): Promise<Letter> =>
  letterOf(system, { exchange: COMMANDS, routingKey: 'order.RequestCancellation' }, body);

/** A message that was given up, as it is where a command side could not deal with it for long. */
export const givenUp = (system: System, body: object, type?: string): Promise<Letter> =>
  letterOf(system, deadLetterRoute('commands.order'), body, type);

async function letterOf(
  { admin, backEnds }: System,
  { exchange, routingKey }: { readonly exchange: string; readonly routingKey: string },
  body: object,
  type = `Spec-${randomUUID()}`,
): Promise<Letter> {
  const before = new Set((await lettersOf(admin, type)).map(({ id }) => id));
  const connection = await connect(backEnds['RABBITMQ_URL'] ?? '');
  const channel = await connection.createConfirmChannel();
  channel.publish(exchange, routingKey, Buffer.from(JSON.stringify(body)), {
    ...{ type, messageId: randomUUID(), headers: { 'x-failure-reason': 'nobody could' } },
  });
  await channel.waitForConfirms();
  await connection.close();
  let letter: Letter | undefined;
  await until(async () => {
    letter = (await lettersOf(admin, type)).find(({ id }) => !before.has(id));
    return letter !== undefined;
  });
  if (!letter) throw new Error(`there is no dead letter of type ${type}`);
  return letter;
}

/** The open ones. */
export async function lettersOf(admin: string, type: string): Promise<readonly Letter[]> {
  const { deadLetters } = await get<{ deadLetters: readonly Letter[] }>(`${admin}/dead-letters?type=${type}`);
  return deadLetters;
}

export const letter = (admin: string, { id }: Letter): Promise<Letter> =>
  get<Letter>(`${admin}/dead-letters/${id}`);

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { BusCommand } from '@orders/shared-events/contracts/commands.js';
import type { CommandMessage } from '@orders/shared-events/contracts/envelope.js';
import { CommandId } from '@orders/shared-events/contracts/ids.js';
import { AppendOutcomeUnknown, NotAppended } from '@orders/shared-events/transport/append-gateway.js';
import { HEADER, MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { type LogSink, currentContext } from '@orders/shared-events/transport/observability.js';
import {
  COMMANDS,
  attemptsOf,
  commandTopology,
  deadLetterQueueOf,
} from '@orders/shared-events/transport/topology.js';
import { orderId, origin } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, embeddedBroker } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type CarryOut, CommandConsumer } from './command-consumer.js';

let server: Server | undefined;
let bus: MessageBus;
let consumer: CommandConsumer;
let carryOut: CarryOut;
let taken: { command: BusCommand; correlationId: string | undefined }[];
let deadLetters: { reason: unknown; attempt: unknown; body: unknown }[];

const logged: unknown[][] = [];
/** Keeps what is said of dead letters. */
const logger: LogSink = { ...silent, error: (...said: unknown[]) => void logged.push(said) };

beforeAll(async () => {
  // The queues have fixed names: on a broker that others use too, suites would take each other's messages.
  server = await embeddedBroker();
  const { url } = server;
  bus = await MessageBus.connect({ url, name: 'spec', topologies: [commandTopology], logger });
  await bus.consume(
    deadLetterQueueOf('commands.order'),
    ({ headers, body }) => {
      deadLetters.push({ reason: headers[HEADER.reason], attempt: headers[HEADER.attempt], body });
      return Promise.resolve();
    },
    { prefetch: 1 },
  );
});
afterAll(async () => {
  await bus.close();
  await server?.stop();
});
beforeEach(async () => {
  [taken, deadLetters] = [[], []];
  logged.length = 0;
  carryOut = () => Promise.resolve(undefined);
  consumer = new CommandConsumer(
    bus,
    (message, command) => {
      taken.push({ command, correlationId: currentContext()?.correlationId });
      return carryOut(message, command);
    },
    silent,
  );
  await consumer.start();
});
afterEach(() => consumer.stop());

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const confirm = (change: Partial<CommandMessage> = {}): CommandMessage => ({
  commandId: CommandId.parse(randomUUID()),
  type: 'ConfirmOrder',
  data: { orderId },
  origin,
  sentAt: inSeconds(0),
  expiresAt: inSeconds(60),
  ...change,
});
const publish = (body: object, routingKey = 'order.ConfirmOrder') => bus.publish(COMMANDS, routingKey, body);

describe('a command from the bus', () => {
  it('is carried out in the context that it came with', async () => {
    await publish(confirm());
    await until(() => taken.length === 1);
    expect(taken).toEqual([
      { command: { type: 'ConfirmOrder', data: { orderId } }, correlationId: origin.correlationId },
    ]);
  });

  it('is done when it is refused: it does not come again', async () => {
    carryOut = () => Promise.resolve('ORDER_NOT_FOUND');
    await publish(confirm());
    await publish(confirm());
    await until(() => taken.length === 2);
    await consumer.stop();
    expect([taken.length, deadLetters.length]).toEqual([2, 0]);
  });

  it('is not carried out after it has expired', async () => {
    await publish(confirm({ expiresAt: inSeconds(-1) }));
    const late = confirm();
    await publish(late);
    await until(() => taken.length > 0);
    expect(taken).toHaveLength(1);
  });

  it.each([
    ['the outcome is unknown', new AppendOutcomeUnknown('away')],
    ['there is no turn to append', new NotAppended('too many wait')],
  ])('waits while %s, and uses up no attempt', async (_why, outage) => {
    let outages = 0;
    const most = Math.max(...commandTopology.queues.map(attemptsOf)) + 1;
    carryOut = () => (outages++ < most ? Promise.reject(outage) : Promise.resolve(undefined));
    await publish(confirm());
    await until(() => taken.length > most);
    expect(deadLetters).toEqual([]);
  });

  it.each([
    ['no command at all', { hello: 'world' }, 'order.ConfirmOrder', 'commandId'],
    ['an unknown type', confirm({ type: 'EatOrder' }), 'order.EatOrder', 'EatOrder'],
    ['data of another shape', confirm({ data: { orderId: 'x' } }), 'order.ConfirmOrder', 'orderId'],
    ['a property of every object as its type', confirm({ type: 'toString' }), 'order.toString', 'toString'],
    [
      'a command to another aggregate',
      confirm({ type: 'CapturePayment', data: { orderId, paymentId: orderId, attempt: 1 } }),
      'order.CapturePayment',
      'not a command to order',
    ],
  ])('is dead-lettered at once, with the reason, when it is %s', async (_what, body, routingKey, reason) => {
    await publish(body, routingKey);
    await until(() => deadLetters.length === 1);
    expect(deadLetters).toEqual([{ reason: expect.stringContaining(reason), attempt: 1, body }]);
    expect(deadLetters[0]?.reason).not.toContain('\n');
    expect(taken).toEqual([]);
  });

  it('is told of under the correlation id of what led to it, with what is wrong where, in one line', async () => {
    await publish(confirm({ type: 'ConfirmOrder', data: { orderId: 17 }, sentAt: 'yesterday' }));
    await until(() => deadLetters.length === 1 && logged.length === 1);
    const line = /^DeadLetter: sentAt: [^\n]+$/;
    expect(deadLetters[0]?.reason).toMatch(line);
    expect(logged).toContainEqual([
      expect.objectContaining({ correlationId: origin.correlationId, reason: expect.stringMatching(line) }),
      'dead-lettered',
    ]);
  });

  it('is told of without one where its own cannot be read', async () => {
    await publish({ origin: { correlationId: 'not one\n' } });
    await until(() => deadLetters.length === 1 && logged.length === 1);
    expect(logged[0]?.[0]).not.toHaveProperty('correlationId');
  });
});

import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderStream } from '@orders/shared-events/contracts/ids.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { deadLetterRoute } from '@orders/shared-events/transport/topology.js';
import { type AdminStand, adminStand } from '../testing/admin-stand.js';
import { anOrder } from '../testing/order-story.js';

const COUNT = 'SELECT count(*)::int AS count FROM process_managers.dead_letters';

describe.each(serverRows('DATABASE_URL'))('on %s, dead letters that are sent again', (_title, real) => {
  let admin: AdminStand;
  let keys = 0;
  const order = anOrder({ key: 'of the sent letters' });

  beforeAll(async () => {
    admin = await adminStand(real);
    await admin.start();
    await admin.commandSide.append(orderStream(order.orderId), 'OrderPlaced', order.placed.data);
    await until(() => admin.commandSide.receivedOf('ConfirmOrder', order.orderId).length > 0);
  });
  afterAll(() => admin.stop());

  /** A command of the order under an id of its own. */
  const command = (commandId: string) => ({
    ...admin.commandSide.receivedOf('ConfirmOrder', order.orderId)[0],
    commandId,
  });
  const count = async () => (await admin.servers.pool.query<{ count: number }>(COUNT)).rows[0]?.count ?? 0;
  /** Dies in the queue of the orders' commands; its id. */
  async function dies(body: object, headers: object = {}): Promise<string> {
    const before = await count();
    const { exchange, routingKey } = deadLetterRoute('commands.order');
    await admin.servers.bus.publish(exchange, routingKey, body, {
      ...{ type: 'ConfirmOrder', messageId: crypto.randomUUID(), mandatory: true },
      headers: { 'x-original-routing-key': 'order.ConfirmOrder', ...headers },
    });
    await until(async () => (await count()) > before);
    return String((await admin.get('/dead-letters?first=1')).body['deadLetters']?.[0]?.['id']);
  }
  const decide = (id: string, what: string) => admin.act(`/dead-letters/${id}/${what}`, `key-${keys++}`);
  const stateOf = async (id: string) => String((await admin.get(`/dead-letters/${id}`)).body['state']);
  const comesTo = (id: string, state: string) => until(async () => (await stateOf(id)) === state);

  it('go without the headers of a stranger, where the driver could read those and cannot write them', async () => {
    const commandId = crypto.randomUUID();
    // What Postgres cannot hold is kept as something longer.
    const dead = await dies(command(commandId), { 'x-of-a-stranger': '\u0000'.repeat(25_000) });
    expect((await decide(dead, 'requeue')).status).toBe(200);
    await comesTo(dead, 'requeued');
    const isIt = (received: { readonly commandId: string }) => received.commandId === commandId;
    await until(() => admin.commandSide.received.some(isIt));
  });

  it('stay open where they cannot be sent at all, and hold up no later decision', async () => {
    const hopeless = await dies(command(crypto.randomUUID()));
    const later = await dies(command(crypto.randomUUID()));
    // AMQP's own limit of a message's id is 255 bytes.
    await admin.servers.pool.query(
      'UPDATE process_managers.dead_letters SET message_key = $2 WHERE id = $1',
      [hopeless, 'x'.repeat(300)],
    );
    expect((await decide(hopeless, 'requeue')).status).toBe(200);
    expect((await decide(later, 'discard')).status).toBe(200);
    await comesTo(later, 'discarded');
    expect(await stateOf(hopeless)).toBe('open');
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type OrderId, orderProcessStream, orderStream } from '@orders/shared-events/contracts/ids.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Block } from './testing/block.js';
import { anOrder } from './testing/order-story.js';

const MAIN = fileURLToPath(new URL('./dist/main.js', import.meta.url));
const PATIENT_MS = 90_000;

/** Two processes, of which one is stopped by the operating system in the middle of its work. */
describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const block = Block.on(real);
  let children: ChildProcess[];

  beforeEach(() => {
    children = [];
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  /** Resolves once it has the leases that it takes at its start. */
  async function aProcess(): Promise<ChildProcess> {
    const env = { ...process.env, ...block.servers.urls, ...ACCESS, ADMIN_PORT: '0', LOG_LEVEL: 'warn' };
    const child = spawn(process.execPath, [MAIN, '--with-parent'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    await new Promise<void>((resolve) =>
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"listening"')) resolve();
      }),
    );
    return child;
  }

  interface LeaseRow {
    readonly name: string;
    readonly holder: string;
    readonly token: string;
  }

  const leases = async () =>
    (
      await block.servers.pool.query<LeaseRow>(
        'SELECT name, holder, token FROM process_managers.leases ORDER BY name',
      )
    ).rows;
  const holders = async () => new Set((await leases()).map(({ holder }) => holder));

  /** Orders of many partitions, in the middle of their way. */
  async function underWay(count: number): Promise<OrderId[]> {
    block.commandSide.silent.add('ReserveStock');
    const orders = Array.from({ length: count }, () => anOrder({ key: crypto.randomUUID() }));
    for (const { orderId, placed } of orders)
      await block.commandSide.append(orderStream(orderId), 'OrderPlaced', placed.data);
    const ids = orders.map(({ orderId }) => orderId);
    await until(
      () => ids.every((id) => block.commandSide.receivedOf('ReserveStock', id).length > 0),
      PATIENT_MS,
    );
    return ids;
  }

  const areDone = (ids: readonly OrderId[]) =>
    until(async () => {
      const { rows } = await block.servers.pool.query<{ done: number }>(
        `SELECT count(*)::int AS done FROM process_managers.processes
         WHERE status = 'DONE' AND order_id = ANY($1)`,
        [ids],
      );
      return rows[0]?.done === ids.length;
    }, PATIENT_MS);

  const heardBy = async (id: OrderId) =>
    (await collected(block.servers.store.readStream(orderProcessStream(id)))).flatMap(({ type, data }) =>
      type === 'OrderProcessHeard' ? [(data as { readonly position: string }).position] : [],
    );

  const positions = async () => {
    const { rows } = await block.servers.pool.query<{ name: string; position: string }>(
      'SELECT name, position FROM process_managers.checkpoints',
    );
    return new Map(rows.map(({ name, position }) => [name, BigInt(position)]));
  };

  /** One of two, both with partitions of their own; then `stop` happens to it, and the other has them all. */
  async function takenOver(stop: (child: ChildProcess) => void) {
    const first = await aProcess();
    const [former = ''] = await holders();
    await aProcess();
    await until(async () => (await holders()).size === 2, PATIENT_MS);
    const ids = await underWay(40);
    const lost = (await leases()).filter(({ holder }) => holder === former);
    stop(first);
    block.commandSide.silent.clear();
    await until(async () => !(await holders()).has(former), PATIENT_MS);
    return { first, ids, lost };
  }

  describe('two process managers', () => {
    it('go on with the partitions of one that is killed, with higher tokens', async () => {
      const { ids, lost } = await takenOver((child) => child.kill('SIGKILL'));
      expect(lost.length).toBeGreaterThanOrEqual(8);
      const tokens = new Map((await leases()).map(({ name, token }) => [name, BigInt(token)]));
      for (const { name, token } of lost) expect(tokens.get(name)).toBeGreaterThan(BigInt(token));
      await areDone(ids);
    });

    it('do no harm where one is frozen, loses its partitions, wakes and gets some again', async () => {
      const { first, ids } = await takenOver((child) => child.kill('SIGSTOP'));
      await areDone(ids);
      const before = await positions();
      first.kill('SIGCONT');
      await until(async () => (await holders()).size === 2, PATIENT_MS);
      const more = await underWay(10);
      block.commandSide.silent.clear();
      await areDone(more);
      for (const id of [...ids, ...more]) {
        const heard = await heardBy(id);
        expect(heard).toEqual([...new Set(heard)]);
      }
      for (const [name, position] of await positions())
        expect(position).toBeGreaterThanOrEqual(before.get(name) ?? 0n);
      expect(first.exitCode).toBeNull();
    });
  });
});

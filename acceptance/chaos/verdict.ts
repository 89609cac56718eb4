import { Slots } from '@orders/shared-events/transport/slots.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { endOf, expectedEnd } from '../kinds.js';
import { type LedgerEntry, ledgerOf } from '../ledger.js';
import { type OrderView, orderOf } from '../orders.js';
import { hashesOf, replay } from '../replayed.js';
import { isSame } from '../same.js';
import type { ScaledSystem } from '../scaled-system.js';
import { anyOf } from './operators-view.js';
import { type PlacedOrder, type Shop, isAtItsEnd } from './shop.js';
import { type Levels, levelsAfter, levelsAt } from './stock-count.js';

const AT_ONCE = 8;
/** What follows the end of an order (its process is done, what it reserved is committed) takes so long at most. */
const SETTLE_MS = 60_000;
const LOOK_EVERY_MS = 250;

/**
 * What is wrong with a system whose orders have come to their ends, in words; nothing where all is as if no process had
 * ever been killed. `before`: what was in stock before the first of them.
 */
export async function faultsOf(system: ScaledSystem, shop: Shop, before: Levels): Promise<readonly string[]> {
  const slots = new Slots(AT_ONCE);
  const faults = [...shop.faults, ...(await nothingIsOpen(system)), ...(await stock(system, shop, before))];
  const each = await Promise.all(
    shop.orders.map((order) => slots.use(() => Promise.all([ends(system, order), charges(system, order)]))),
  );
  return [...faults, ...each.flat(2), ...(await sameAfterReplay(system))];
}

/** Waits for what may still be under way. */
async function nothingIsOpen({ admins }: ScaledSystem): Promise<string[]> {
  const open = async () => {
    const [processes, dead, parked] = await Promise.all([
      anyOf<{ processes: readonly object[] }>(admins, '/processes?state=OPEN'),
      anyOf<{ deadLetters: readonly object[] }>(admins, '/dead-letters'),
      anyOf<{ parked: readonly object[] }>(admins, '/parked'),
    ]);
    return [
      ...processes.processes.map((process) => `a process is open: ${JSON.stringify(process)}`),
      ...dead.deadLetters.map((letter) => `a message is dead: ${JSON.stringify(letter)}`),
      ...parked.parked.map((event) => `an event belongs to nothing known: ${JSON.stringify(event)}`),
    ];
  };
  return settled(open);
}

/** The stock of every item is what came in less what completed orders took, and nothing is reserved any more. */
async function stock(
  { queries: [queries = ''] }: ScaledSystem,
  shop: Shop,
  before: Levels,
): Promise<string[]> {
  const expected = levelsAfter(before, shop.orders);
  return settled(async () => {
    const found = await levelsAt(queries);
    return [...expected].flatMap(([sku, level]) =>
      isSame(found.get(sku), level)
        ? []
        : [`of ${sku} there are ${JSON.stringify(found.get(sku))}, and not ${JSON.stringify(level)}`],
    );
  });
}

/** What is left of the faults once there are none, or no time any more. */
async function settled(look: () => Promise<string[]>): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const faults = await look();
    if (faults.length === 0 || performance.now() > deadline) return faults;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Every instance tells the same of it, and that it is where its kind ends. */
async function ends({ queries }: ScaledSystem, { kind, orderId }: PlacedOrder): Promise<string[]> {
  const [told, ...others] = await Promise.all(queries.map((url) => orderOf(url, orderId)));
  const faults = others
    .filter((other) => !isSame(other, told))
    .map((other) => `${orderId} is told as ${JSON.stringify(told)} and as ${JSON.stringify(other)}`);
  if (told && isAtItsEnd(kind, told)) return faults;
  return [...faults, `${orderId} (${kind.name}) is ${wrongEnd(kind, told ?? null)}`];
}

const wrongEnd = (kind: PlacedOrder['kind'], order: OrderView | null): string =>
  order
    ? `${JSON.stringify(endOf(order))}, and not ${JSON.stringify(expectedEnd(kind, order.total.amount))}`
    : 'not known';

/** By the provider's own books: what took effect did so once, and the money was taken exactly where it is kept. */
async function charges({ admins }: ScaledSystem, { kind, orderId }: PlacedOrder): Promise<string[]> {
  const entries = await ledgerOf(admins[0] ?? '', orderId);
  const taken = entries.filter(({ operation }) => operation === 'charge' || operation === 'capture');
  const charged = taken.reduce((sum, { effects }) => sum + effects, 0);
  const expected = ['DECLINED', 'VOIDED'].includes(kind.end.payment) ? 0 : 1;
  return [
    ...(charged === expected ? [] : [`${orderId} (${kind.name}) was charged ${charged} times`]),
    ...entries.filter(({ effects }) => effects > 1).map((entry) => doubled(orderId, entry)),
  ];
}

const doubled = (orderId: string, { operation, effects }: LedgerEntry): string =>
  `${operation} of ${orderId} took effect ${effects} times`;

/** The rows that projections wrote, one after the other and interrupted, are those of a projection from event zero. */
async function sameAfterReplay({ admins: [admin = ''], backEnds }: ScaledSystem): Promise<string[]> {
  const before = await hashesOf(admin);
  const { outcome } = (await replay(backEnds)) as { readonly outcome?: string };
  if (outcome !== 'promoted') return [`the replay was not promoted, but ${outcome}`];
  const after = await hashesOf(admin);
  return before === after ? [] : [`the read models were ${before} and are ${after} after a replay`];
}

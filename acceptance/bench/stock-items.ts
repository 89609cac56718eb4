import { effectsWithSnapshots } from '@orders/command-side/effects.js';
import { stockSnapshot } from '@orders/command-side/stock/stock.snapshot.js';
import { Stocks } from '@orders/command-side/stock/stocks.js';
import type { ProposedEvent } from '@orders/local-stack/event-store/recorded-event.js';
import type { NewEvent } from '@orders/shared-events/contracts/envelope.js';
import { Sku, snapshotStream, stockStream } from '@orders/shared-events/contracts/ids.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { makeStore } from './filled-store.js';
import type { Stage } from './stage.js';
import { aSale, addressed, reserve, stockHistory } from './stock-history.js';

/** By how fast they sell: one piece a minute, or all within the five minutes for which a reservation is known. */
const SALE_MS = { long: 60_000, rush: 9, short: 60_000 } as const;
export type Kind = keyof typeof SALE_MS;

const POLL_MS = 10;
const silent = createLogger({ name: 'bench', level: 'silent' });

/** Stock items with histories, in an event store that runs, and those who decide on them. */
export class StockItems {
  #shortUsed = 0;

  private constructor(private readonly store: EventStore) {}

  /** Closing the stage stops the event store; the connection is closed before. */
  static async start(
    stage: Stage,
    items: readonly { readonly kind: Kind; readonly count: number; readonly events: number }[],
  ): Promise<StockItems> {
    await makeStore(stage.file('event-store'), async (append) => {
      for (const { kind, count, events } of items) {
        for (let number = 0; number < count; number++) {
          const sku = skuOf(kind, number);
          await append(stockStream(sku), stockHistory(sku, events, SALE_MS[kind]).map(proposed));
        }
      }
    });
    return new StockItems(new EventStore(await stage.server('event-store'), silent));
  }

  /** A short item that nobody has decided on before, or the item of another kind. */
  item(kind: Kind): Sku {
    return skuOf(kind, kind === 'short' ? this.#shortUsed++ : 0);
  }

  /** As in a process that has just been started: it knows no stream. */
  decider(): Stocks {
    return new Stocks(effectsWithSnapshots(this.store, silent));
  }

  /** The bytes of the item's newest snapshot, once there is one. */
  async snapshotBytes(sku: Sku): Promise<number> {
    const snapshots = snapshotStream(stockStream(sku), stockSnapshot.version);
    for (;;) {
      for await (const { data } of this.store.readStreamBackwards(snapshots, 1)) {
        return data instanceof Uint8Array ? data.length : NaN;
      }
      await sleep(POLL_MS);
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** Reserves one piece; in milliseconds, until the outcome is known. Throws where it is not reserved. */
export async function decide(stocks: Stocks, sku: Sku): Promise<number> {
  const command = addressed(sku, reserve(aSale(sku), new Date().toISOString()));
  const startedAt = performance.now();
  const outcome = await stocks.execute(command);
  const ms = performance.now() - startedAt;
  const type = outcome.outcome === 'happened' ? outcome.events[0]?.type : outcome.outcome;
  if (type !== 'StockReserved') throw new Error(`${sku} was not reserved: ${type}`);
  return ms;
}

const skuOf = (kind: Kind, number: number): Sku => Sku.parse(`${kind.toUpperCase()}-${number}`);

const proposed = ({ id, type, data, metadata }: NewEvent): ProposedEvent => ({
  id,
  type,
  isJson: true,
  data: Buffer.from(JSON.stringify(data)),
  metadata: Buffer.from(JSON.stringify(metadata)),
});

import { gunzipSync, gzipSync } from 'node:zlib';
import { stockSnapshot } from '@orders/command-side/stock/stock.snapshot.js';
import { PersistentMap } from '@orders/command-side/stock/persistent-map.js';
import { type StockState, stock } from '@orders/command-side/stock/stock.js';
import { ReservationId } from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import { type Measurement, figure, table } from './report.js';
import { median } from './statistics.js';

const RESERVATIONS = 10_000;
const ROUNDS = 15;
const NOW = '2026-01-01T00:00:00.000Z';

/**
 * What the snapshot of a state with many open reservations takes: the event loop stands still while it is encoded and
 * decoded; it is compressed and decompressed on another thread.
 */
export function measureSnapshot(): Measurement {
  const state = crowded();
  const text = JSON.stringify(stockSnapshot.encode(state));
  const packed = gzipSync(text, { level: 1 });
  const ms = {
    encode: msOf(() => JSON.stringify(stockSnapshot.encode(state))),
    compress: msOf(() => gzipSync(text, { level: 1 })),
    decompress: msOf(() => gunzipSync(packed)),
    decode: msOf(() => stockSnapshot.decode.parse(JSON.parse(text))),
  };
  return {
    title: `the snapshot of ${RESERVATIONS} open reservations (medians of ${ROUNDS})`,
    lines: [
      ...table([['', 'ms'], ...Object.entries(ms).map(([step, median]) => [step, figure(median)])]),
      `${text.length} bytes of JSON, ${packed.length} compressed: ${figure(packed.length / RESERVATIONS)} a reservation`,
    ],
    figures: { reservations: RESERVATIONS, ms, bytes: text.length, compressed: packed.length },
    goals: [],
  };
}

function crowded(): StockState {
  const reservation = (number: number) =>
    [
      ReservationId.parse(crypto.randomUUID()),
      { status: 'active', quantity: 1 + (number % 3), expiresAt: later(NOW, 30 * number) },
    ] as const;
  const open = Array.from({ length: RESERVATIONS }, (_, number) => reservation(number));
  return { ...stock.initialState, open: PersistentMap.of(open) };
}

function msOf(work: () => unknown): number {
  const ms = Array.from({ length: ROUNDS }, () => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  });
  return median(ms);
}

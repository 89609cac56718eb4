import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { expiresAt, mug, mugReservation } from '@orders/shared-events/testing/examples.js';
import { NOW } from '@orders/shared-events/testing/given.js';
import { recorded } from '../testing/recorded.js';
import { projected } from '../testing/rows.js';
import { stockProjector } from './stock.projector.js';
import { stockLevels } from './stock.tables.js';

const after = (...events: readonly DomainEvent[]) =>
  projected(stockProjector, stockLevels, recorded(...events));

const received: DomainEvent = { type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 10 } };
const held = { ...mugReservation, quantity: 3, expiresAt };
const reserved: DomainEvent = { type: 'StockReserved', data: held };
const released = (quantity: number): DomainEvent => ({
  type: 'StockReservationReleased',
  data: { ...held, quantity },
});

describe('the stock projection', () => {
  it('counts what was received', () => {
    expect(after(received, received)).toEqual([{ sku: mug, on_hand: 20, updated_at: NOW, position: 2n }]);
  });

  it.each<[string, readonly DomainEvent[], { on_hand: number; reserved?: number }]>([
    [
      'an adjustment either way',
      [
        received,
        { type: 'StockAdjusted', data: { sku: mug, adjustmentId: 'a1', delta: -4, reason: 'broken' } },
      ],
      { on_hand: 6 },
    ],
    ['a reservation as held, and still on hand', [received, reserved], { on_hand: 10, reserved: 3 }],
    [
      'a confirmed reservation as held',
      [received, reserved, { type: 'StockReservationConfirmed', data: mugReservation }],
      { on_hand: 10, reserved: 3 },
    ],
    [
      'a committed reservation as gone',
      [received, reserved, { type: 'StockReservationCommitted', data: { ...mugReservation, quantity: 3 } }],
      { on_hand: 7, reserved: 0 },
    ],
    ['a release as free again', [received, reserved, released(3)], { on_hand: 10, reserved: 0 }],
    [
      'an expiry as free again',
      [received, reserved, { type: 'StockReservationExpired', data: held }],
      { on_hand: 10, reserved: 0 },
    ],
    [
      'a release of what was never held as nothing',
      [received, reserved, released(0)],
      { on_hand: 10, reserved: 3 },
    ],
    [
      'a refused reservation as nothing',
      [
        received,
        { type: 'StockReservationRejected', data: { ...held, reason: 'INSUFFICIENT_STOCK', available: 2 } },
      ],
      { on_hand: 10 },
    ],
  ])('counts %s', (_what, events, level) => {
    expect(after(...events)).toMatchObject([level]);
  });
});

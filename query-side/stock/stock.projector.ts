import { type Happening, type Projector, ofProcesses } from '../projector.js';
import { type Change, upsert } from '../read-models/table.js';
import { stockLevels } from './stock.tables.js';

/** Moves a SKU's level by so many pieces. */
const level = (
  sku: string,
  { occurredAt, position }: Happening,
  by: { readonly on_hand?: number; readonly reserved?: number },
): readonly Change[] => [upsert(stockLevels, { sku }, { updated_at: occurredAt, position }, by)];

/** What is on hand and what of it is promised: available = on hand - open reservations. */
export const stockProjector: Projector = {
  name: 'stock',
  version: 1,
  tables: [stockLevels],
  on: {
    StockReceived: ({ sku, quantity }, at) => level(sku, at, { on_hand: quantity }),
    StockAdjusted: ({ sku, delta }, at) => level(sku, at, { on_hand: delta }),
    StockReserved: ({ sku, quantity }, at) => level(sku, at, { reserved: quantity }),
    StockReservationRejected: [],
    StockReservationConfirmed: [],
    StockReservationCommitted: ({ sku, quantity }, at) =>
      level(sku, at, { on_hand: -quantity, reserved: -quantity }),
    StockReservationReleased: ({ sku, quantity }, at) =>
      quantity === 0 ? [] : level(sku, at, { reserved: -quantity }),
    StockReservationExpired: ({ sku, quantity }, at) => level(sku, at, { reserved: -quantity }),

    OrderPlaced: [],
    OrderConfirmed: [],
    OrderRejected: [],
    OrderCancellationRequested: [],
    OrderCancelled: [],
    OrderShipped: [],
    OrderCompleted: [],
    PaymentRequested: [],
    PaymentAuthorized: [],
    PaymentDeclined: [],
    CaptureRequested: [],
    PaymentCaptured: [],
    PaymentCaptureFailed: [],
    VoidRequested: [],
    AuthorizationVoided: [],
    VoidFailed: [],
    RefundRequested: [],
    PaymentRefunded: [],
    RefundFailed: [],
    PaymentOutcomeUnknown: [],
    ProviderNotificationIgnored: [],
    PaymentActionRequired: [],
    AuthorizationExpired: [],
    ProviderCallDeferred: [],
    ProviderNotificationUnmatched: [],
    PaymentDiscrepancyDetected: [],
    ProductRegistered: [],
    ProductPriceChanged: [],
    ...ofProcesses,
  },
};

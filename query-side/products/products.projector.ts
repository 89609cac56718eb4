import { type Projector, ofProcesses } from '../projector.js';
import { insert, update } from '../read-models/table.js';
import { products } from './products.tables.js';

/** The catalogue: what can be ordered, at which price. */
export const productsProjector: Projector = {
  name: 'products',
  version: 1,
  tables: [products],
  on: {
    ProductRegistered: (data, { occurredAt, position, recorded }) => [
      insert(products, {
        sku: data.sku,
        name: data.name,
        price: data.price,
        currency: data.currency,
        requires_shipping: data.requiresShipping,
        registered_at: occurredAt,
        updated_at: occurredAt,
        revision: recorded.revision,
        position,
      }),
    ],
    ProductPriceChanged: ({ sku, price, currency }, { occurredAt, position, recorded }) => [
      update(
        products,
        { sku },
        { price, currency, updated_at: occurredAt, revision: recorded.revision, position },
      ),
    ],

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
    StockReceived: [],
    StockAdjusted: [],
    StockReserved: [],
    StockReservationRejected: [],
    StockReservationConfirmed: [],
    StockReservationCommitted: [],
    StockReservationReleased: [],
    StockReservationExpired: [],
    ...ofProcesses,
  },
};

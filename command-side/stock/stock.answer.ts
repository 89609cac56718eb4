import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import type { AdjustStockResult, ReceiveStockResult } from '../graphql.generated.js';
import { unknownSku } from '../product/product.answer.js';
import type { ReservationRefusal } from './reservation.js';
import type { StockRefusal } from './stock.js';
import type { StockOutcome } from './stocks.js';

interface Receipt {
  readonly sku: Sku;
  readonly receiptId: string;
}

interface Adjustment {
  readonly sku: Sku;
  readonly adjustmentId: string;
}

/** How the outcome of a receipt reads in GraphQL. */
export function receiptAnswer(
  { sku, receiptId }: Receipt,
  outcome: StockOutcome,
): Answer<ReceiveStockResult> {
  if (outcome.outcome !== 'refused') {
    return { __typename: 'StockReceiptAccepted', sku, receiptId, ...accepted(outcome) };
  }
  const refusal = operatorsRefusal(outcome.refusal);
  switch (refusal.code) {
    case 'UNKNOWN_SKU':
      return unknownSku(refusal.sku);
    case 'RECEIPT_ID_REUSED': {
      const message = `receipt ${refusal.receiptId} was recorded with another quantity`;
      return { __typename: 'ReceiptIdReused', message, ...refusal };
    }
    case 'ADJUSTMENT_ID_REUSED':
    case 'ADJUSTMENT_EXCEEDS_AVAILABLE':
      throw new Error(`a receipt cannot be refused with ${refusal.code}`);
  }
}

/** How the outcome of an adjustment reads in GraphQL. */
export function adjustmentAnswer(
  { sku, adjustmentId }: Adjustment,
  outcome: StockOutcome,
): Answer<AdjustStockResult> {
  if (outcome.outcome !== 'refused') {
    return { __typename: 'StockAdjustmentAccepted', sku, adjustmentId, ...accepted(outcome) };
  }
  const refusal = operatorsRefusal(outcome.refusal);
  switch (refusal.code) {
    case 'UNKNOWN_SKU':
      return unknownSku(refusal.sku);
    case 'ADJUSTMENT_ID_REUSED': {
      const message = `adjustment ${refusal.adjustmentId} was recorded with another delta`;
      return { __typename: 'AdjustmentIdReused', message, ...refusal };
    }
    case 'ADJUSTMENT_EXCEEDS_AVAILABLE': {
      const message = `${refusal.available} pieces are on hand and not reserved`;
      return { __typename: 'AdjustmentExceedsAvailable', message, ...refusal };
    }
    case 'RECEIPT_ID_REUSED':
      throw new Error(`an adjustment cannot be refused with ${refusal.code}`);
  }
}

const accepted = ({ outcome, position }: Exclude<StockOutcome, { outcome: 'refused' }>) => ({
  position: position.toString(),
  repeated: outcome === 'repeated',
});

function operatorsRefusal(refusal: StockRefusal): Exclude<StockRefusal, ReservationRefusal> {
  switch (refusal.code) {
    case 'UNKNOWN_SKU':
    case 'RECEIPT_ID_REUSED':
    case 'ADJUSTMENT_ID_REUSED':
    case 'ADJUSTMENT_EXCEEDS_AVAILABLE':
      return refusal;
    case 'RESERVATION_NOT_FOUND':
    case 'RESERVATION_CLOSED':
    case 'RESERVATION_TOO_LATE':
    case 'RESERVATION_ID_REUSED':
    case 'RESERVATION_NOT_CONFIRMED':
    case 'RESERVATION_CONFIRMED':
    case 'RESERVATION_COMMITTED':
    case 'RESERVATION_NOT_DUE':
      throw new Error(`what an operator asks for cannot be refused with ${refusal.code}`);
  }
}

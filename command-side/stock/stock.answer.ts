import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import type { ReceiveStockResult } from '../graphql.generated.js';
import { unknownSku } from '../product/product.answer.js';
import type { StockOutcome } from './stocks.js';

interface Receipt {
  readonly sku: Sku;
  readonly receiptId: string;
}

/** How the outcome of a receipt reads in GraphQL. */
export function receiptAnswer(receipt: Receipt, outcome: StockOutcome): Answer<ReceiveStockResult> {
  if (outcome.outcome !== 'refused') {
    const repeated = outcome.outcome === 'repeated';
    return {
      __typename: 'StockReceiptAccepted',
      ...receipt,
      position: outcome.position.toString(),
      repeated,
    };
  }
  const { refusal } = outcome;
  switch (refusal.code) {
    case 'UNKNOWN_SKU':
      return unknownSku(refusal.sku);
    case 'RECEIPT_ID_REUSED':
      return {
        __typename: 'ReceiptIdReused',
        message: `receipt ${refusal.receiptId} was recorded with another quantity`,
        ...refusal,
      };
    case 'ADJUSTMENT_ID_REUSED':
    case 'ADJUSTMENT_EXCEEDS_AVAILABLE':
    case 'RESERVATION_NOT_FOUND':
    case 'RESERVATION_CLOSED':
    case 'RESERVATION_ID_REUSED':
    case 'RESERVATION_NOT_CONFIRMED':
    case 'RESERVATION_CONFIRMED':
    case 'RESERVATION_COMMITTED':
    case 'RESERVATION_NOT_DUE':
      throw new Error(`a receipt cannot be refused with ${refusal.code}`);
  }
}

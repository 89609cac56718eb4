// Generated from the .graphql files of this side by npm run generate. Do not edit.
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  SafeInt: { input: number; output: number; }
};

/** A mutation that was not carried out, and why. Nothing was changed. */
export type Refusal = {
  /** For programs; stays the same when the message is reworded. */
  readonly code: Scalars['String']['output'];
  /** For people. */
  readonly message: Scalars['String']['output'];
};

/** The input is of the right type but not acceptable, e.g. a quantity of zero. */
export type InvalidInput = Refusal & {
  readonly __typename?: 'InvalidInput';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  /** Path within the input, e.g. `lines.0.quantity`. */
  readonly field: Scalars['String']['output'];
};

/** No product is registered under this SKU. */
export type UnknownSku = Refusal & {
  readonly __typename?: 'UnknownSku';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly sku: Scalars['String']['output'];
};

/** An amount in minor units (cents) of an ISO 4217 currency. Never a float. */
export type MoneyInput = {
  readonly amount: Scalars['SafeInt']['input'];
  readonly currency: Scalars['String']['input'];
};

export type CommandSideInfo = {
  readonly __typename?: 'CommandSideInfo';
  /** Log position of the newest event: an opaque decimal string. Everything accepted so far is at or before it. */
  readonly logHead: Scalars['String']['output'];
};

export type Query = {
  readonly __typename?: 'Query';
  readonly commandSide: CommandSideInfo;
};

/** AUTOMATIC charges at once; MANUAL authorises, and captures once the stock is held. */
export type CaptureMethod =
  | 'AUTOMATIC'
  | 'MANUAL';

export type OrderLineInput = {
  readonly sku: Scalars['String']['input'];
  /** 1 to 1,000,000 pieces. */
  readonly quantity: Scalars['Int']['input'];
};

export type PlaceOrderInput = {
  /**
   * An opaque id, 1 to 128 letters, digits and . _ @ : -. A customer orders for themselves, whom their token names; others
   * say for whom.
   */
  readonly customerId?: InputMaybe<Scalars['String']['input']>;
  /** The same request under the same key is the same order, however often it is sent. Up to 128 characters. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** 1 to 100 lines. */
  readonly lines: ReadonlyArray<OrderLineInput>;
  /** The payment provider's token, e.g. `pm_approve`. Never a card number. */
  readonly paymentMethod: Scalars['String']['input'];
  readonly captureMethod: CaptureMethod;
  /** The currency that the order must be in; without it, that of the products. */
  readonly currency?: InputMaybe<Scalars['String']['input']>;
  /** The caller's own name for the order, up to 100 characters. */
  readonly reference?: InputMaybe<Scalars['String']['input']>;
  /** What the caller showed its customer. Where prices say otherwise, the order is refused with PriceChanged. */
  readonly expectedTotal?: InputMaybe<MoneyInput>;
};

export type CancelOrderInput = {
  readonly orderId: Scalars['ID']['input'];
  /** Up to 500 characters. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

export type ShipOrderInput = {
  readonly orderId: Scalars['ID']['input'];
  readonly carrier: Scalars['String']['input'];
  readonly trackingNumber: Scalars['String']['input'];
};

/** The order is in the log: it will be paid, reserved and confirmed, or rejected with a reason. */
export type OrderAccepted = {
  readonly __typename?: 'OrderAccepted';
  readonly orderId: Scalars['ID']['output'];
  /** In minor units of `currency`. */
  readonly total: Scalars['SafeInt']['output'];
  readonly currency: Scalars['String']['output'];
  /** Log position by which the order can be read: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  /** True where the order had been placed before under the same key. */
  readonly repeated: Scalars['Boolean']['output'];
};

/** The cancellation is in the log; the order is cancelled once nothing is held for it. */
export type OrderCancellationAccepted = {
  readonly __typename?: 'OrderCancellationAccepted';
  readonly orderId: Scalars['ID']['output'];
  readonly position: Scalars['String']['output'];
  readonly repeated: Scalars['Boolean']['output'];
};

export type OrderShipmentAccepted = {
  readonly __typename?: 'OrderShipmentAccepted';
  readonly orderId: Scalars['ID']['output'];
  readonly position: Scalars['String']['output'];
  readonly repeated: Scalars['Boolean']['output'];
};

/** The prices give another total than the caller expects. */
export type PriceChanged = Refusal & {
  readonly __typename?: 'PriceChanged';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  /** What the order would cost now, in minor units of `currency`. */
  readonly total: Scalars['SafeInt']['output'];
  readonly currency: Scalars['String']['output'];
};

/** An order with other content was placed under this key. */
export type IdempotencyKeyReused = Refusal & {
  readonly __typename?: 'IdempotencyKeyReused';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

/** The products, or the products and the currency asked for, are in different currencies. */
export type MixedCurrencies = Refusal & {
  readonly __typename?: 'MixedCurrencies';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly currencies: ReadonlyArray<Scalars['String']['output']>;
};

/** The lines come to nothing, or to more than can be counted exactly. */
export type TotalNotPayable = Refusal & {
  readonly __typename?: 'TotalNotPayable';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
};

export type OrderNotFound = Refusal & {
  readonly __typename?: 'OrderNotFound';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

/** The order has been shipped, completed or rejected. */
export type OrderNotCancellable = Refusal & {
  readonly __typename?: 'OrderNotCancellable';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

/** The order is not confirmed, is being cancelled, has come to its end, was shipped otherwise, or has nothing to ship. */
export type OrderNotShippable = Refusal & {
  readonly __typename?: 'OrderNotShippable';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

export type PlaceOrderResult = OrderAccepted | UnknownSku | PriceChanged | IdempotencyKeyReused | MixedCurrencies | TotalNotPayable | InvalidInput;

export type CancelOrderResult = OrderCancellationAccepted | OrderNotFound | OrderNotCancellable | InvalidInput;

export type ShipOrderResult = OrderShipmentAccepted | OrderNotFound | OrderNotShippable | InvalidInput;

export type Mutation = {
  readonly __typename?: 'Mutation';
  readonly placeOrder: PlaceOrderResult;
  readonly cancelOrder: CancelOrderResult;
  readonly shipOrder: ShipOrderResult;
  readonly retryPayment: RetryPaymentResult;
  /** Pays back what was captured, whole or in parts, whatever the order has come to. */
  readonly refundPayment: RefundPaymentResult;
  /** Once for each SKU; the same again changes nothing. */
  readonly registerProduct: RegisterProductResult;
  /** For orders placed from now on. */
  readonly changePrice: ChangePriceResult;
  readonly receiveStock: ReceiveStockResult;
  /** Corrects what is on hand to what was counted. */
  readonly adjustStock: AdjustStockResult;
};


export type MutationPlaceOrderArgs = {
  input: PlaceOrderInput;
};


export type MutationCancelOrderArgs = {
  input: CancelOrderInput;
};


export type MutationShipOrderArgs = {
  input: ShipOrderInput;
};


export type MutationRetryPaymentArgs = {
  input: RetryPaymentInput;
};


export type MutationRefundPaymentArgs = {
  input: RefundPaymentInput;
};


export type MutationRegisterProductArgs = {
  input: RegisterProductInput;
};


export type MutationChangePriceArgs = {
  input: ChangePriceInput;
};


export type MutationReceiveStockArgs = {
  input: ReceiveStockInput;
};


export type MutationAdjustStockArgs = {
  input: AdjustStockInput;
};

export type RetryPaymentInput = {
  readonly orderId: Scalars['ID']['input'];
  /** The payment provider's token of another way to pay, or of the same one once more. Never a card number. */
  readonly paymentMethod: Scalars['String']['input'];
};

/** The order's payment is tried again; what comes of it is read where the order is. */
export type PaymentRetryAccepted = {
  readonly __typename?: 'PaymentRetryAccepted';
  readonly orderId: Scalars['ID']['output'];
  /** Log position by which the attempt can be read: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  /** True where this attempt was already under way. */
  readonly repeated: Scalars['Boolean']['output'];
};

/**
 * The payment is not one that was declined after the customer had to act, the time for another attempt is over, or the
 * order no longer wants one.
 */
export type PaymentNotRetryable = Refusal & {
  readonly __typename?: 'PaymentNotRetryable';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

export type RetryPaymentResult = PaymentRetryAccepted | OrderNotFound | PaymentNotRetryable | InvalidInput;

export type RefundPaymentInput = {
  readonly orderId: Scalars['ID']['input'];
  /**
   * The refund's own id: the same refund again changes nothing, unless the provider has refused it; then it is asked for
   * once more. 1 to 64 letters, digits and . _ : -
   */
  readonly refundId: Scalars['String']['input'];
  /** At least one minor unit, in the currency of the payment. */
  readonly amount: MoneyInput;
  /** Up to 500 characters. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** The refund is in the log, and is seen to its end: the provider pays it back, or somebody is asked to look. */
export type RefundAccepted = {
  readonly __typename?: 'RefundAccepted';
  readonly orderId: Scalars['ID']['output'];
  readonly refundId: Scalars['String']['output'];
  /** Log position by which the refund can be read: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  /** True where it had been asked for before. */
  readonly repeated: Scalars['Boolean']['output'];
};

/** No payment was asked for: there is no such order, or it was placed a moment ago. */
export type PaymentNotFound = Refusal & {
  readonly __typename?: 'PaymentNotFound';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

/** No money was taken, or not yet. */
export type PaymentNotRefundable = Refusal & {
  readonly __typename?: 'PaymentNotRefundable';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly orderId: Scalars['ID']['output'];
};

/** With what was paid back, or is about to be, it would be more than was captured. */
export type RefundExceedsCaptured = Refusal & {
  readonly __typename?: 'RefundExceedsCaptured';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  /** What is left, in minor units of the payment's currency. */
  readonly refundable: Scalars['SafeInt']['output'];
};

export type RefundInOtherCurrency = Refusal & {
  readonly __typename?: 'RefundInOtherCurrency';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  /** That of the payment. */
  readonly currency: Scalars['String']['output'];
};

/** The id stands for a refund of another amount, or is reserved. */
export type RefundIdTaken = Refusal & {
  readonly __typename?: 'RefundIdTaken';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly refundId: Scalars['String']['output'];
};

export type RefundPaymentResult = RefundAccepted | PaymentNotFound | PaymentNotRefundable | RefundExceedsCaptured | RefundInOtherCurrency | RefundIdTaken | InvalidInput;

export type RegisterProductInput = {
  /** 1 to 64 of A-Z, 0-9, dot, underscore and dash; small letters are made capitals. */
  readonly sku: Scalars['String']['input'];
  readonly name: Scalars['String']['input'];
  readonly price: MoneyInput;
  readonly requiresShipping: Scalars['Boolean']['input'];
};

export type ChangePriceInput = {
  readonly sku: Scalars['String']['input'];
  readonly price: MoneyInput;
};

export type ProductAccepted = {
  readonly __typename?: 'ProductAccepted';
  readonly sku: Scalars['String']['output'];
  /** Log position by which the change can be read: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  /** True where it had been done before. */
  readonly repeated: Scalars['Boolean']['output'];
};

/** The SKU belongs to a product that was registered with other data. */
export type SkuTaken = Refusal & {
  readonly __typename?: 'SkuTaken';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly sku: Scalars['String']['output'];
};

export type RegisterProductResult = ProductAccepted | SkuTaken | InvalidInput;

export type ChangePriceResult = ProductAccepted | UnknownSku | InvalidInput;

export type ReceiveStockInput = {
  readonly sku: Scalars['String']['input'];
  /** The delivery's own number: the same receipt again changes nothing. 1 to 64 letters, digits and . _ : - */
  readonly receiptId: Scalars['String']['input'];
  /** 1 to 1,000,000 pieces. */
  readonly quantity: Scalars['Int']['input'];
};

export type AdjustStockInput = {
  readonly sku: Scalars['String']['input'];
  /** The stocktaking's own id: the same adjustment again changes nothing. 1 to 64 letters, digits and . _ : - */
  readonly adjustmentId: Scalars['String']['input'];
  /** Pieces that were found too many, or below zero too few; up to 1,000,000 either way, and not 0. */
  readonly delta: Scalars['Int']['input'];
  /** Up to 500 characters. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

export type StockReceiptAccepted = {
  readonly __typename?: 'StockReceiptAccepted';
  readonly sku: Scalars['String']['output'];
  readonly receiptId: Scalars['String']['output'];
  /** Log position by which the change can be read: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  /** True where it had been done before. */
  readonly repeated: Scalars['Boolean']['output'];
};

/** The receipt was recorded with another quantity. */
export type ReceiptIdReused = Refusal & {
  readonly __typename?: 'ReceiptIdReused';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly receiptId: Scalars['String']['output'];
};

export type StockAdjustmentAccepted = {
  readonly __typename?: 'StockAdjustmentAccepted';
  readonly sku: Scalars['String']['output'];
  readonly adjustmentId: Scalars['String']['output'];
  readonly position: Scalars['String']['output'];
  readonly repeated: Scalars['Boolean']['output'];
};

/** The adjustment was recorded with another delta. */
export type AdjustmentIdReused = Refusal & {
  readonly __typename?: 'AdjustmentIdReused';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly adjustmentId: Scalars['String']['output'];
};

/** It would take pieces that are not there, or that are held for orders. */
export type AdjustmentExceedsAvailable = Refusal & {
  readonly __typename?: 'AdjustmentExceedsAvailable';
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  /** Pieces on hand that nobody has reserved. */
  readonly available: Scalars['SafeInt']['output'];
};

export type ReceiveStockResult = StockReceiptAccepted | UnknownSku | ReceiptIdReused | InvalidInput;

export type AdjustStockResult = StockAdjustmentAccepted | UnknownSku | AdjustmentIdReused | AdjustmentExceedsAvailable | InvalidInput;

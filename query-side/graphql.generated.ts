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
  /** An instant in UTC, RFC 3339, e.g. `2026-01-31T12:00:00.000Z`. */
  DateTime: { input: string; output: string; }
  /** A JSON object. */
  JSONObject: { input: unknown; output: unknown; }
  /** An integer that a double holds exactly: up to 2^53 - 1 either way. */
  SafeInt: { input: number; output: number; }
};

export type AuditActorKind =
  | 'CUSTOMER'
  | 'OPERATOR'
  | 'SERVICE'
  | 'SYSTEM';

export type AuditActor = {
  readonly __typename?: 'AuditActor';
  readonly kind: AuditActorKind;
  /** An opaque id, never a name. */
  readonly subject: Scalars['String']['output'];
};

/** One event: what happened, to what, by whom, when, why, and what led to it. */
export type AuditLogEntry = Node & {
  readonly __typename?: 'AuditLogEntry';
  readonly id: Scalars['ID']['output'];
  /** Place in the log: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  readonly eventId: Scalars['ID']['output'];
  readonly stream: Scalars['String']['output'];
  /** Within the stream, from 0. */
  readonly revision: Scalars['SafeInt']['output'];
  /** E.g. `OrderPlaced`. */
  readonly type: Scalars['String']['output'];
  /** Of the shape that `data` is in: the one that it was written in. */
  readonly schemaVersion: Scalars['Int']['output'];
  readonly actor: AuditActor;
  /** Why an operator did it. */
  readonly reason: Maybe<Scalars['String']['output']>;
  readonly correlationId: Scalars['String']['output'];
  /** Id of the event or command that led here. */
  readonly causationId: Scalars['String']['output'];
  readonly commandId: Scalars['ID']['output'];
  readonly occurredAt: Scalars['DateTime']['output'];
  readonly recordedAt: Scalars['DateTime']['output'];
  readonly data: Scalars['JSONObject']['output'];
};

export type AuditLogEdge = {
  readonly __typename?: 'AuditLogEdge';
  readonly cursor: Scalars['String']['output'];
  readonly node: AuditLogEntry;
};

export type AuditLogConnection = {
  readonly __typename?: 'AuditLogConnection';
  readonly edges: ReadonlyArray<AuditLogEdge>;
  readonly pageInfo: PageInfo;
};

/** Every condition given must hold. */
export type AuditLogFilter = {
  /** E.g. `order-6f1c...`. */
  readonly stream?: InputMaybe<Scalars['String']['input']>;
  readonly type?: InputMaybe<Scalars['String']['input']>;
  readonly correlationId?: InputMaybe<Scalars['String']['input']>;
  /** The actor's subject. */
  readonly actor?: InputMaybe<Scalars['String']['input']>;
  /** Of `occurredAt`. */
  readonly from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Of `occurredAt`, exclusive. */
  readonly to?: InputMaybe<Scalars['DateTime']['input']>;
};

export type Query = {
  readonly __typename?: 'Query';
  /**
   * Oldest first: in the order of the log, or, with `from` or `to`, of `occurredAt`. `last` gives the newest. At most
   * 100 a page, 20 unless told.
   */
  readonly auditLog: AuditLogConnection;
  /** The order with that `id` or that `orderId`; exactly one of them is given. Null where there is none. */
  readonly order: Maybe<Order>;
  /** Newest first, at most 100 a page, 20 unless told. */
  readonly orders: OrderConnection;
  /** Null where there is none. */
  readonly product: Maybe<Product>;
  /** By SKU, at most 100 a page, 20 unless told. */
  readonly products: ProductConnection;
  readonly readModel: ReadModelInfo;
};


export type QueryAuditLogArgs = {
  filter?: InputMaybe<AuditLogFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
};


export type QueryOrderArgs = {
  id?: InputMaybe<Scalars['ID']['input']>;
  orderId?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryOrdersArgs = {
  filter?: InputMaybe<OrderFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
};


export type QueryProductArgs = {
  sku: Scalars['String']['input'];
};


export type QueryProductsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
};

/** Where an order stands. */
export type OrderStatus =
  /** Accepted; payment and stock are under way. */
  | 'PLACED'
  /** Paid, and the stock is held for it. */
  | 'CONFIRMED'
  | 'SHIPPED'
  | 'COMPLETED'
  /** It could not be paid or the goods were not there; see `rejectionReason`. Nothing is held or owed. */
  | 'REJECTED'
  /** Its cancellation was asked for; money and stock are on their way back. */
  | 'CANCELLING'
  | 'CANCELLED';

export type OrderRejectionReason =
  | 'PAYMENT_DECLINED'
  | 'PAYMENT_FAILED'
  | 'PAYMENT_TIMED_OUT'
  | 'OUT_OF_STOCK'
  | 'RESERVATION_TIMED_OUT'
  | 'RESERVATION_LOST';

export type OrderPaymentStatus =
  | 'NOT_REQUESTED'
  | 'PENDING'
  /** The provider wants the customer to do something first; see `action`. */
  | 'ACTION_REQUIRED'
  /** The provider cannot be called for now; what it is owed is tried again. */
  | 'PENDING_RETRY'
  | 'AUTHORIZED'
  | 'DECLINED'
  /** What was held was not taken in time, and is held no more. */
  | 'EXPIRED'
  | 'CAPTURED'
  | 'VOIDED'
  | 'PARTIALLY_REFUNDED'
  | 'REFUNDED';

export type OrderFulfilmentStatus =
  | 'UNRESERVED'
  /** Stock is held for some of the SKUs. */
  | 'PARTIALLY_RESERVED'
  | 'RESERVED'
  | 'OUT_OF_STOCK'
  | 'SHIPPED'
  | 'FULFILLED'
  | 'CANCELLED';

/** AUTOMATIC charges at once; MANUAL authorises, and captures once the stock is held. */
export type OrderCaptureMethod =
  | 'AUTOMATIC'
  | 'MANUAL';

export type OrderAdjustmentKind =
  | 'DISCOUNT'
  | 'SHIPPING'
  | 'TAX'
  | 'FEE';

export type OrderLine = {
  readonly __typename?: 'OrderLine';
  readonly lineId: Scalars['Int']['output'];
  readonly sku: Scalars['String']['output'];
  readonly quantity: Scalars['Int']['output'];
  /** As it was when the order was placed. */
  readonly unitPrice: MonetaryAmount;
  readonly requiresShipping: Scalars['Boolean']['output'];
};

export type OrderAdjustment = {
  readonly __typename?: 'OrderAdjustment';
  readonly kind: OrderAdjustmentKind;
  readonly label: Scalars['String']['output'];
  /** Negative where it takes off. */
  readonly amount: MonetaryAmount;
};

/** What the provider wants of the customer, e.g. that they prove who they are (3-D Secure). */
export type OrderPaymentAction = {
  readonly __typename?: 'OrderPaymentAction';
  /** Where they do it. */
  readonly url: Scalars['String']['output'];
  readonly expiresAt: Scalars['DateTime']['output'];
};

export type OrderRefundStatus =
  | 'PENDING'
  | 'SUCCEEDED'
  /** The provider refused. It may be asked for again. */
  | 'FAILED';

export type OrderRefund = {
  readonly __typename?: 'OrderRefund';
  readonly refundId: Scalars['String']['output'];
  readonly amount: MonetaryAmount;
  readonly status: OrderRefundStatus;
  /** When it was last asked for. */
  readonly requestedAt: Scalars['DateTime']['output'];
  /** When it succeeded or failed; null before. */
  readonly settledAt: Maybe<Scalars['DateTime']['output']>;
  /** The provider's word for why it failed. */
  readonly failure: Maybe<Scalars['String']['output']>;
};

export type OrderPayment = {
  readonly __typename?: 'OrderPayment';
  /** Null before anything was asked of the payment provider. */
  readonly paymentId: Maybe<Scalars['ID']['output']>;
  readonly status: OrderPaymentStatus;
  readonly captureMethod: OrderCaptureMethod;
  readonly authorized: MonetaryAmount;
  readonly captured: MonetaryAmount;
  readonly refunded: MonetaryAmount;
  /** In the order in which they were asked for. */
  readonly refunds: ReadonlyArray<OrderRefund>;
  /** While it is the customer's turn; null otherwise. */
  readonly action: Maybe<OrderPaymentAction>;
  /** Where the provider wanted the customer to act: how long they may still pay, after a decline in another way. */
  readonly payableUntil: Maybe<Scalars['DateTime']['output']>;
  /** The provider's word for the last step that failed; null once a later step has succeeded. */
  readonly failure: Maybe<Scalars['String']['output']>;
};

export type OrderFulfilment = {
  readonly __typename?: 'OrderFulfilment';
  readonly status: OrderFulfilmentStatus;
  readonly requiresShipping: Scalars['Boolean']['output'];
  readonly carrier: Maybe<Scalars['String']['output']>;
  readonly trackingNumber: Maybe<Scalars['String']['output']>;
};

export type Order = Node & {
  readonly __typename?: 'Order';
  readonly id: Scalars['ID']['output'];
  readonly orderId: Scalars['ID']['output'];
  readonly customerId: Scalars['ID']['output'];
  /** The caller's own name for the order. */
  readonly reference: Maybe<Scalars['String']['output']>;
  readonly status: OrderStatus;
  readonly rejectionReason: Maybe<OrderRejectionReason>;
  readonly cancellationReason: Maybe<Scalars['String']['output']>;
  readonly lines: ReadonlyArray<OrderLine>;
  readonly adjustments: ReadonlyArray<OrderAdjustment>;
  /** Lines and adjustments. */
  readonly total: MonetaryAmount;
  readonly payment: OrderPayment;
  readonly fulfilment: OrderFulfilment;
  readonly placedAt: Scalars['DateTime']['output'];
  readonly confirmedAt: Maybe<Scalars['DateTime']['output']>;
  readonly shippedAt: Maybe<Scalars['DateTime']['output']>;
  readonly completedAt: Maybe<Scalars['DateTime']['output']>;
  readonly rejectedAt: Maybe<Scalars['DateTime']['output']>;
  readonly cancellationRequestedAt: Maybe<Scalars['DateTime']['output']>;
  readonly cancelledAt: Maybe<Scalars['DateTime']['output']>;
  readonly updatedAt: Scalars['DateTime']['output'];
  /** Log position of the last event that changed the order: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
};

export type OrderEdge = {
  readonly __typename?: 'OrderEdge';
  readonly cursor: Scalars['String']['output'];
  readonly node: Order;
};

export type OrderConnection = {
  readonly __typename?: 'OrderConnection';
  readonly edges: ReadonlyArray<OrderEdge>;
  readonly pageInfo: PageInfo;
};

/** Every condition given must hold. */
export type OrderFilter = {
  readonly customerId?: InputMaybe<Scalars['ID']['input']>;
  readonly status?: InputMaybe<OrderStatus>;
  readonly placedFrom?: InputMaybe<Scalars['DateTime']['input']>;
  /** Exclusive. */
  readonly placedTo?: InputMaybe<Scalars['DateTime']['input']>;
  /** Orders with a line of this SKU. */
  readonly sku?: InputMaybe<Scalars['String']['input']>;
};

export type Subscription = {
  readonly __typename?: 'Subscription';
  /**
   * The order as it is now, once it is there, and then after each change. Changes that come faster than they are
   * taken are skipped; the last one never is.
   */
  readonly orderChanged: Order;
};


export type SubscriptionOrderChangedArgs = {
  orderId: Scalars['ID']['input'];
};

export type Product = Node & {
  readonly __typename?: 'Product';
  readonly id: Scalars['ID']['output'];
  /** Stock keeping unit, in capitals. */
  readonly sku: Scalars['String']['output'];
  readonly name: Scalars['String']['output'];
  readonly price: MonetaryAmount;
  readonly requiresShipping: Scalars['Boolean']['output'];
  readonly registeredAt: Scalars['DateTime']['output'];
  readonly updatedAt: Scalars['DateTime']['output'];
  /** Log position of the last event that changed the product: an opaque decimal string. */
  readonly position: Scalars['String']['output'];
  readonly stock: StockLevel;
};

export type ProductEdge = {
  readonly __typename?: 'ProductEdge';
  readonly cursor: Scalars['String']['output'];
  readonly node: Product;
};

export type ProductConnection = {
  readonly __typename?: 'ProductConnection';
  readonly edges: ReadonlyArray<ProductEdge>;
  readonly pageInfo: PageInfo;
};

/** What has an id of its own. */
export type Node = {
  /** Opaque, and unique over all types. */
  readonly id: Scalars['ID']['output'];
};

/** Relay's page info. Cursors are opaque; they stay good while the system lives, across replays too. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  readonly hasNextPage: Scalars['Boolean']['output'];
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  readonly startCursor: Maybe<Scalars['String']['output']>;
  readonly endCursor: Maybe<Scalars['String']['output']>;
};

/** An amount of money: minor units (cents) and an ISO 4217 code. Never a float. */
export type MonetaryAmount = {
  readonly __typename?: 'MonetaryAmount';
  readonly amount: Scalars['SafeInt']['output'];
  readonly currency: Scalars['String']['output'];
};

/** How far what can be read here follows the event log. */
export type ReadModelInfo = {
  readonly __typename?: 'ReadModelInfo';
  /**
   * Log position up to which everything that happened can be read: an opaque decimal string that only rises. A
   * mutation whose `position` is not greater is visible.
   */
  readonly position: Maybe<Scalars['String']['output']>;
};

/** Pieces of one SKU. */
export type StockLevel = {
  readonly __typename?: 'StockLevel';
  readonly onHand: Scalars['SafeInt']['output'];
  /** Held for orders that are under way. */
  readonly reserved: Scalars['SafeInt']['output'];
  /** On hand and not reserved. */
  readonly available: Scalars['SafeInt']['output'];
  /** Null before anything was received. */
  readonly updatedAt: Maybe<Scalars['DateTime']['output']>;
};

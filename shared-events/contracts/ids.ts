import { z } from 'zod';
import { uuidV5 } from './uuid-v5.js';

/** Root of every derived id. It may never change: ids are how repeats are recognised. */
const NAMESPACE = '6f1c8f0e-6e0b-5b57-9c55-0f2f6f2f3b1d';

/**
 * A UUID in small letters: capitals name the same id (RFC 9562) and are folded where it is parsed, so that ids are
 * equal where their texts are, in stream names and keys too.
 */
const Uuid = z.uuid({ error: 'must be a UUID' }).toLowerCase();

export const OrderId = Uuid.brand<'OrderId'>();
export type OrderId = z.infer<typeof OrderId>;

export const PaymentId = Uuid.brand<'PaymentId'>();
export type PaymentId = z.infer<typeof PaymentId>;

export const ReservationId = Uuid.brand<'ReservationId'>();
export type ReservationId = z.infer<typeof ReservationId>;

export const CommandId = Uuid.brand<'CommandId'>();
export type CommandId = z.infer<typeof CommandId>;

export const EventId = Uuid.brand<'EventId'>();
export type EventId = z.infer<typeof EventId>;

/** A stock keeping unit. */
export const Sku = z
  .string()
  .regex(/^[A-Z0-9._-]{1,64}$/, { error: 'must be 1 to 64 of A-Z, 0-9 and . _ -' })
  .brand<'Sku'>();
export type Sku = z.infer<typeof Sku>;

/** An SKU as it comes from outside: capitals are made of ASCII letters only, so that no two become one by surprise. */
export const SkuInAnyCase = z
  .string({ error: 'must be an SKU' })
  .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'must be 1 to 64 letters, digits and . _ -' })
  .toUpperCase()
  .pipe(Sku);

export const CustomerId = z
  .string()
  .regex(/^[A-Za-z0-9._@:-]{1,128}$/, { error: 'must be 1 to 128 letters, digits and . _ @ : -' })
  .brand<'CustomerId'>();
export type CustomerId = z.infer<typeof CustomerId>;

/** A position in the log as it travels in JSON: an unsigned 64-bit integer in decimal. */
export const LogPosition = z
  .string()
  .regex(/^(0|[1-9]\d{0,19})$/, { error: 'must be a log position in decimal' })
  .brand<'LogPosition'>();
export type LogPosition = z.infer<typeof LogPosition>;

export const logPosition = (position: bigint): LogPosition => LogPosition.parse(position.toString());

/**
 * The id of the order that a customer's idempotency key stands for: UUIDv5(UUIDv5(namespace, customer), key).
 * Two levels, so that no customer can choose a key that collides with another customer's order.
 */
export const orderIdOf = (customerId: CustomerId, idempotencyKey: string): OrderId =>
  uuidV5(idempotencyKey, uuidV5(`customer:${customerId}`, NAMESPACE)) as OrderId;

/** UUIDv5 of the order id: an order cannot have two payments. */
export const paymentIdOf = (orderId: OrderId): PaymentId => uuidV5('payment', orderId) as PaymentId;

/** UUIDv5 of order and SKU: the lines of an order that share a SKU are one reservation. */
export const reservationIdOf = (orderId: OrderId, sku: Sku): ReservationId =>
  uuidV5(`reservation:${sku}`, orderId) as ReservationId;

/**
 * The id of a command that a process sends. `generation` rises only on a recorded definitive failure, so a
 * resend after a crash or a lost message carries the same id and changes nothing twice.
 */
export const processCommandId = (
  process: StreamName,
  step: string,
  target: StreamName,
  generation: number,
): CommandId => uuidV5([process, step, target, generation].join('|'), NAMESPACE) as CommandId;

/** UUIDv5(command id, index): the same command decided twice writes the same event ids. */
export const eventIdOf = (commandId: string, index: number): EventId =>
  uuidV5(String(index), commandId) as EventId;

export const STREAM_CATEGORIES = [
  'order',
  'payment',
  'product',
  'stock',
  'orderProcess',
  'quarantine',
  'deadLetters',
  'forwarderReplay',
] as const;
export type StreamCategory = (typeof STREAM_CATEGORIES)[number];
export type StreamName = `${StreamCategory}-${string}`;

export const orderStream = (orderId: OrderId): StreamName => `order-${orderId}`;
export const paymentStream = (paymentId: PaymentId): StreamName => `payment-${paymentId}`;
export const productStream = (sku: Sku): StreamName => `product-${sku}`;
export const stockStream = (sku: Sku): StreamName => `stock-${sku}`;
export const orderProcessStream = (orderId: OrderId): StreamName => `orderProcess-${orderId}`;
export const quarantineStream = (orderId: OrderId): StreamName => `quarantine-${orderId}`;

/** What operators ask for that belongs to no order: a stream for each request, by the key that its caller gave it. */
export type RequestCategory = Extract<StreamCategory, 'deadLetters' | 'forwarderReplay'>;
export const requestIdOf = (category: RequestCategory, key: string): string =>
  uuidV5(`${category}:${key}`, NAMESPACE);
export const requestStream = (category: RequestCategory, requestId: string): StreamName =>
  `${category}-${requestId}`;

/**
 * Where the snapshots of a stream are kept, e.g. `stockSnapshot-1-MUG`: a stream of its own for each version of the
 * state, so that builds of two versions do not take turns in replacing each other's.
 *
 * It begins like no stream of events, and all who follow the log choose by beginnings: to them it does not exist.
 */
export type SnapshotStreamName = `${StreamCategory}Snapshot-${string}`;
export const snapshotStream = (stream: StreamName, version: number): SnapshotStreamName =>
  stream.replace('-', `Snapshot-${version}-`) as SnapshotStreamName;

/** Where the reconciliation of payments keeps how far it came; begins like no stream of events, either. */
export const RECONCILIATION_STREAM = 'paymentReconciliation';

/** The category before the first dash, or undefined where the stream is none of ours. */
export function categoryOf(streamId: string): StreamCategory | undefined {
  const category = streamId.slice(0, streamId.indexOf('-'));
  return STREAM_CATEGORIES.find((known) => known === category);
}

import type { Happening, Projector } from '../projector.js';
import { type Change, insert } from '../read-models/table.js';
import { auditLog } from './audit-log.tables.js';

/** The event as it was written, in the shape of the version that wrote it: an audit log keeps what was said. */
const entry = (
  _data: unknown,
  { recorded, metadata, position, occurredAt }: Happening,
): readonly Change[] => [
  insert(auditLog, {
    position,
    event_id: recorded.id,
    stream_id: recorded.streamId,
    revision: recorded.revision,
    event_type: recorded.type,
    schema_version: metadata.schemaVersion,
    actor_kind: metadata.actor.kind,
    actor_subject: metadata.actor.subject,
    reason: metadata.reason ?? null,
    correlation_id: metadata.$correlationId,
    causation_id: metadata.$causationId,
    command_id: metadata.commandId,
    occurred_at: occurredAt,
    recorded_at: recorded.recordedAt.toISOString(),
    data: contentOf(recorded.data),
  }),
];

/** What could be read is an object; the log allows other JSON. */
const contentOf = (data: unknown): object => (typeof data === 'object' && data !== null ? data : { data });

/** Every event of the system's streams. */
export const auditLogProjector: Projector = {
  name: 'audit-log',
  version: 1,
  tables: [auditLog],
  on: {
    OrderPlaced: entry,
    OrderConfirmed: entry,
    OrderRejected: entry,
    OrderCancellationRequested: entry,
    OrderCancelled: entry,
    OrderShipped: entry,
    OrderCompleted: entry,
    PaymentRequested: entry,
    PaymentAuthorized: entry,
    PaymentDeclined: entry,
    CaptureRequested: entry,
    PaymentCaptured: entry,
    PaymentCaptureFailed: entry,
    VoidRequested: entry,
    AuthorizationVoided: entry,
    VoidFailed: entry,
    RefundRequested: entry,
    PaymentRefunded: entry,
    RefundFailed: entry,
    PaymentOutcomeUnknown: entry,
    ProviderNotificationIgnored: entry,
    PaymentActionRequired: entry,
    AuthorizationExpired: entry,
    ProviderCallDeferred: entry,
    ProviderNotificationUnmatched: entry,
    PaymentDiscrepancyDetected: entry,
    ProductRegistered: entry,
    ProductPriceChanged: entry,
    StockReceived: entry,
    StockAdjusted: entry,
    StockReserved: entry,
    StockReservationRejected: entry,
    StockReservationConfirmed: entry,
    StockReservationCommitted: entry,
    StockReservationReleased: entry,
    StockReservationExpired: entry,
    OrderProcessStarted: entry,
    OrderProcessHeard: entry,
    OrderProcessDeadlinePassed: entry,
    OrderProcessPaused: entry,
    OrderProcessResumed: entry,
    OrderProcessRetried: entry,
    OrderProcessCompensationForced: entry,
    OrderProcessInterventionResolved: entry,
    OrderProcessReleased: entry,
    QuarantineReleaseRequested: entry,
    DeadLettersRequeued: entry,
    DeadLettersDiscarded: entry,
    ForwarderReplayRequested: entry,
    ForwarderReplayStopped: entry,
  },
};

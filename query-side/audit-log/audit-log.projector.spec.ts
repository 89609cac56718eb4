import { describe, expect, it } from '@jest/globals';
import { catalogue } from '@orders/shared-events/contracts/catalogue.js';
import { mugRegistered, orderId, orderPlaced } from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import { UnreadableEvent, changesOf } from '../projector.js';
import { recorded } from '../testing/recorded.js';
import { projected } from '../testing/rows.js';
import { auditLogProjector } from './audit-log.projector.js';
import { auditLog } from './audit-log.tables.js';

describe('the audit log', () => {
  it('keeps who did what, when and why, and what led to it', () => {
    const events = recorded({
      type: 'OrderCancelled',
      data: { orderId },
      metadata: {
        actor: { kind: 'operator', subject: 'operator-7' },
        reason: 'fraud',
        occurredAt: secondsFromNow(1),
        $correlationId: 'correlation-9',
        $causationId: 'cause-9',
      },
    });
    expect(projected(auditLogProjector, auditLog, events)).toEqual([
      {
        position: 1n,
        event_id: events[0]?.id,
        stream_id: `order-${orderId}`,
        revision: 0n,
        event_type: 'OrderCancelled',
        schema_version: 1,
        actor_kind: 'operator',
        actor_subject: 'operator-7',
        reason: 'fraud',
        correlation_id: 'correlation-9',
        causation_id: 'cause-9',
        command_id: expect.any(String),
        occurred_at: secondsFromNow(1),
        recorded_at: NOW,
        data: { orderId },
      },
    ]);
  });

  it('has an entry for every event', () => {
    const events = recorded(orderPlaced, mugRegistered, orderPlaced);
    const positions = projected(auditLogProjector, auditLog, events).map(({ position }) => position);
    expect(positions).toEqual([1n, 2n, 3n]);
  });

  it('ignores no event of the catalogue', () => {
    const heard = Object.entries(auditLogProjector.on).filter(([, handler]) => typeof handler === 'function');
    expect(heard.map(([type]) => type).toSorted()).toEqual(Object.keys(catalogue).toSorted());
  });

  it.each([
    ['of an unknown type', { type: 'OrderTeleported' }],
    [
      'of a version to come',
      { metadata: { ...(recorded(orderPlaced)[0]?.metadata as object), schemaVersion: 99 } },
    ],
    ['whose data is damaged', { data: { orderId: 'not an id' } }],
    ['without our metadata', { metadata: {} }],
  ])('stops at an event %s rather than leave it out', (_what, damage) => {
    const [good] = recorded(orderPlaced);
    const events = good ? [{ ...good, ...damage }] : [];
    expect(() => [...changesOf([auditLogProjector], events)]).toThrow(UnreadableEvent);
  });
});

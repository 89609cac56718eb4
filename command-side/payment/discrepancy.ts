import type { CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { NOTHING_NEW } from '../decision.js';
import { discrepancyName, notedOf } from './payment.state.js';
import { recordOutcome } from './provider-outcome.js';
import { type Begun, type Events, discrepancy } from './provider-report.js';
import { type Difference, isStillRecorded } from './reconciliation.js';

/** The provider's books differ from the stream. */
export type DetectDiscrepancy = CommandOf<
  'DetectDiscrepancy',
  Difference & { readonly paymentId: PaymentId; readonly orderId: OrderId }
>;

/**
 * With its repair in the same append, where that leads to an event; once, where none does. What was recorded while the
 * books were compared is no discrepancy: the repair is known to this state, or the stream says something else by now,
 * and will be compared again.
 */
export function recordDiscrepancy(data: DetectDiscrepancy['data'], state: Begun): Events {
  const { repair, kind, recorded, provider, ...about } = data;
  const repairs = repair === undefined ? [] : recordOutcome({ ...about, outcome: repair }, state);
  if (repair !== undefined && repairs.length === 0) return NOTHING_NEW;
  const isRepaired = repairs.some(({ type }) => !MENDS_NOTHING.includes(type));
  const isNoted = notedOf(state).includes(discrepancyName(data));
  if (!isRepaired && (isNoted || !isStillRecorded(data, state))) return NOTHING_NEW;
  return [
    discrepancy(about, { kind, recorded, provider, repaired: isRepaired }),
    ...(isRepaired ? repairs : []),
  ];
}

/** None of them makes the two books agree. */
const MENDS_NOTHING: readonly PaymentEvent['type'][] = [
  'ProviderNotificationIgnored',
  'PaymentOutcomeUnknown',
  'PaymentDiscrepancyDetected',
];

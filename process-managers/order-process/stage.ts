import type { Running, Stage } from './order-process.js';
import { type PaymentLeg, holdsNoMoney, owedRefunds } from './payment-leg.js';
import { isFirm, isHeld, needsRelease } from './stock-leg.js';

/** The stage that follows from what a process knows. */
export function stageOf(process: Omit<Running, 'stage'>): Stage {
  if (process.decided === 'keep') return goodsAreAccountedFor(process) ? 'done' : 'completion';
  if (process.undo) return isUndone(process) ? 'done' : 'compensation';
  const { order, payment, reservations, terms } = process;
  if (payment.status === 'unsettled') return unsettledStage(payment);
  if (!reservations.every(isHeld)) return 'reservation';
  if (payment.status !== 'captured') return payment.deferred ? 'providerRetry' : 'capture';
  if (order === 'placed' || !reservations.every(isFirm)) return 'confirmation';
  if (order === 'confirmed' && terms.requiresShipping) return 'shipment';
  const committed = reservations.every(({ status }) => status === 'committed');
  if (order !== 'completed' || !committed) return 'completion';
  return owedRefunds(payment).length > 0 ? 'refund' : 'done';
}

function unsettledStage({ turn, deferred }: PaymentLeg): Stage {
  if (deferred) return 'providerRetry';
  return turn === 'provider' ? 'payment' : 'customerAction';
}

type Undone = Pick<Running, 'order' | 'decided' | 'payment' | 'reservations'>;

/** An order whose goods have left is undone only where an operator decided so: the money is back, and the goods are not. */
function isUndone(process: Undone): boolean {
  switch (process.order) {
    case 'placed':
    case 'confirmed':
      return false;
    case 'rejected':
    case 'cancelled':
      return nothingIsHeld(process);
    case 'shipped':
    case 'completed':
      return (
        process.decided === 'give back' && holdsNoMoney(process.payment) && goodsAreAccountedFor(process)
      );
  }
}

const goodsAreAccountedFor = ({ order, reservations }: Pick<Running, 'order' | 'reservations'>): boolean =>
  order === 'completed' && !reservations.some(needsRelease);

/** No money and no stock is held, and none can come to be held by what was already asked for. */
export const nothingIsHeld = ({
  payment,
  reservations,
}: Pick<Running, 'payment' | 'reservations'>): boolean =>
  holdsNoMoney(payment) && !reservations.some(needsRelease);

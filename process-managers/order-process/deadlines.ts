import { later } from '@orders/shared-events/contracts/instants.js';
import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { OrderProcess, Running } from './order-process.js';

/** How long a stage may take, in milliseconds. That it took too long is recorded, so this may be configured. */
export type StageDurations = Readonly<Record<ProcessStage, number>>;

/** One visit of a process to a stage. */
export interface StageVisit {
  readonly stage: ProcessStage;
  readonly generation: number;
}

export interface StageDeadline extends StageVisit {
  readonly due: string;
  /** Whose clock `due` is of: that of whoever heard what began the stage, or the provider's, who has named it. */
  readonly by: 'process' | 'provider';
}

/**
 * The one deadline that runs: that of the stage the process is in; a customer has at most as long as the provider
 * gives them, and what gives money back waits for a provider that is away as long as what takes it. None when done or
 * paused, or once an operator is asked for.
 */
export function deadline(process: OrderProcess, durations: StageDurations): StageDeadline | undefined {
  if (process.kind === 'opened' || process.stage === 'done') return undefined;
  if (process.intervention || process.paused) return undefined;
  const { stage, generation, payment } = process;
  const due = dueAt(stage, process, durations);
  const isOver =
    stage === 'customerAction' && payment.payableUntil !== undefined && payment.payableUntil < due;
  return isOver
    ? { stage, generation, due: payment.payableUntil, by: 'provider' }
    : { stage, generation, due, by: 'process' };
}

const GIVE_BACK: readonly ProcessStage[] = ['compensation', 'refund'];

/** What the provider was away for is not counted where money is given back. */
function dueAt(
  stage: ProcessStage,
  { stageSince, payment }: Pick<Running, 'stageSince' | 'payment'>,
  durations: StageDurations,
): string {
  if (!GIVE_BACK.includes(stage)) return later(stageSince, durations[stage]);
  if (payment.deferred) return later(stageSince, Math.max(durations.providerRetry, durations[stage]));
  const { reachedAt = stageSince } = payment;
  return later(reachedAt > stageSince ? reachedAt : stageSince, durations[stage]);
}

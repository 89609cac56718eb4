import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import { type StageDeadline, type StageDurations, deadline } from './deadlines.js';
import { type OrderProcess, evolve } from './order-process.js';
import type { OutstandingCommand } from './outstanding.js';
import { pending } from './pending.js';
import { CURRENT_DEFINITION, rulesOf } from './rules.js';

/**
 * What a process does with what it hears. A change that would decide otherwise is a new version beside the old: their
 * rules tell them apart (rules.ts).
 */
export interface Definition {
  evolve(process: OrderProcess | undefined, event: Occurred<OrderProcessEvent>): OrderProcess;
  pending(process: OrderProcess): readonly OutstandingCommand[];
  deadline(process: OrderProcess, durations: StageDurations): StageDeadline | undefined;
}

const definition: Definition = { evolve, pending, deadline };

/** Throws UnknownDefinition. */
export function definitionOf(version: number): Definition {
  rulesOf(version);
  return definition;
}

/** The definition of a process that has started, or the one that its first event names. */
export const definitionFor = (process: OrderProcess | undefined, event: OrderProcessEvent): Definition =>
  definitionOf(
    process?.definition ??
      (event.type === 'OrderProcessStarted' ? event.data.definition : CURRENT_DEFINITION),
  );

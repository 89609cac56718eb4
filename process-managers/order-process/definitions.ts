import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import { type StageDeadline, type StageDurations, deadline } from './deadlines.js';
import { type OrderProcess, evolve } from './order-process.js';
import type { OutstandingCommand } from './outstanding.js';
import { pending } from './pending.js';

/** What a process does with what it hears. A change that would decide otherwise is a new version beside the old. */
export interface Definition {
  evolve(process: OrderProcess | undefined, event: Occurred<OrderProcessEvent>): OrderProcess;
  pending(process: OrderProcess): readonly OutstandingCommand[];
  deadline(process: OrderProcess, durations: StageDurations): StageDeadline | undefined;
}

const definitions: Readonly<Record<number, Definition>> = { 1: { evolve, pending, deadline } };

/** The version that new processes start with, and keep. */
export const CURRENT_DEFINITION = 1;

/** A process was started by a newer build than this one. */
export class UnknownDefinition extends Error {
  override readonly name = 'UnknownDefinition';
}

export function definitionOf(version: number): Definition {
  const definition = definitions[version];
  if (!definition) throw new UnknownDefinition(`unknown definition ${version} of the order process`);
  return definition;
}

/** The definition of a process that has started, or the one that its first event names. */
export const definitionFor = (process: OrderProcess | undefined, event: OrderProcessEvent): Definition =>
  definitionOf(
    process?.definition ??
      (event.type === 'OrderProcessStarted' ? event.data.definition : CURRENT_DEFINITION),
  );

import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import type { Versioned } from '@orders/shared-events/contracts/versions.js';
import type { z } from 'zod';

/** Why a command does not happen. Nothing is recorded; the caller is told. */
export interface Refused<Refusal> {
  readonly refused: Refusal;
}

/** The events that a command leads to (none where it has been carried out before), or a refusal. */
export type Decision<Event, Refusal> = readonly Event[] | Refused<Refusal>;

/** The answer to a command that has been carried out before, or that no longer has anything to do. */
export const NOTHING_NEW: readonly never[] = [];

export const refuse = <Refusal>(refused: Refusal): Refused<Refusal> => ({ refused });

export const isRefused = <Event, Refusal>(decision: Decision<Event, Refusal>): decision is Refused<Refusal> =>
  'refused' in decision;

/** How a state is kept beside the log, so that a long stream need not be folded from its beginning. */
export interface SnapshotFormat<State> {
  /**
   * From 1. Rises whenever `encode` writes another shape, or `evolve` comes to another state on the same events:
   * what an older version left is then not looked at any more.
   */
  readonly version: number;
  /** As JSON. */
  readonly encode: (state: State) => object;
  /** The way back; refuses what `encode` cannot have written. */
  readonly decode: z.ZodType<State>;
}

/**
 * One aggregate as pure functions. `decide` judges a command by the state; `evolve` records what happened and
 * never judges, so that every log can be folded.
 */
export interface Decider<State, Command, Event extends DomainEvent, Refusal> {
  readonly initialState: State;
  readonly decide: (command: Timed<Command>, state: State) => Decision<Event, Refusal>;
  readonly evolve: (state: State, event: Occurred<Event>) => State;
  /** The event types of this aggregate with their shapes. */
  readonly events: { readonly [Type in Event['type']]: Versioned<Readonly<Record<string, unknown>>> };
  /** Of an aggregate whose streams grow long. */
  readonly snapshot?: SnapshotFormat<State>;
}

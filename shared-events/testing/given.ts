import { expect } from '@jest/globals';
import type { EventOf, Occurred, Timed } from '../contracts/envelope.js';

/** What given/when/then needs of a decider. */
interface Decides<State, Command, Event, Refusal> {
  readonly initialState: State;
  readonly decide: (
    command: Timed<Command>,
    state: State,
  ) => readonly Event[] | { readonly refused: Refusal };
  readonly evolve: (state: State, event: Occurred<Event>) => State;
}

/** When everything happens unless a spec says otherwise. */
export const NOW = '2026-01-31T12:00:00.000Z';

/** The instant that many seconds after NOW, or before it. */
export const secondsFromNow = (seconds: number): string =>
  new Date(Date.parse(NOW) + seconds * 1000).toISOString();

/** Folds events that occurred at NOW, or at the instant that they carry. */
export function stateAfter<State, Event>(
  decider: Pick<Decides<State, never, Event, unknown>, 'initialState' | 'evolve'>,
  events: readonly (Event & { readonly occurredAt?: string })[],
): State {
  return events.reduce<State>(
    (state, event) => decider.evolve(state, { ...event, occurredAt: event.occurredAt ?? NOW }),
    decider.initialState,
  );
}

/**
 * `given(order, placed).when(confirm).then(confirmed)`; `.refused('ORDER_REJECTED')`; `.ignored()`.
 * A command is decided at NOW unless `when` is told another instant.
 */
export function given<
  State,
  Command,
  Event extends EventOf<string, unknown>,
  Refusal extends { readonly code: string },
>(
  decider: Decides<State, Command, Event, Refusal>,
  ...events: readonly (Event & { readonly occurredAt?: string })[]
) {
  return {
    when(command: Command, now: string = NOW) {
      const decision = decider.decide({ ...command, now }, stateAfter(decider, events));
      return {
        then: (...expected: readonly [Event, ...Event[]]) => expect(decision).toEqual(expected),
        refused: (code: Refusal['code'], details: Partial<Refusal> = {}) =>
          expect(decision).toEqual({ refused: expect.objectContaining({ ...details, code }) }),
        ignored: () => expect(decision).toEqual([]),
      };
    },
  };
}

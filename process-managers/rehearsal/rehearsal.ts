import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Running, Stage } from '../order-process/order-process.js';
import { type OwnEvent, type Tracked, outstandingOf, track } from '../tracked.js';

/** What a process makes of all that it has heard so far. */
export interface Decision {
  readonly stage: Stage;
  /** Why the order is undone; null while it is to be fulfilled. */
  readonly undo: string | null;
  readonly intervention: string | null;
  /** The commands that it waits for, e.g. `ReserveStock stock-MUG`; those that differ in their content differ here. */
  readonly asksFor: readonly string[];
}

/** The first thing that a process heard of which the candidate makes something else, and where that has led to by now. */
export interface Difference {
  readonly orderId: OrderId;
  readonly definition: number;
  readonly candidate: number;
  readonly at: { readonly revision: string; readonly heard: string; readonly occurredAt: string };
  readonly then: Pair;
  readonly now: Pair;
}

interface Pair {
  readonly decided: Decision;
  readonly candidate: Decision;
}

/**
 * A process's own stream, decided anew by another definition. Nothing is recorded and nothing is sent: what would
 * have come of the candidate's other commands is not known, so what counts is the first difference.
 *
 * @param events of one process, from the first on
 * @returns undefined where the candidate decides the same at every event
 * @throws UnknownDefinition for a candidate that this build does not have
 */
export function rehearse(events: Iterable<OwnEvent>, candidate: number): Difference | undefined {
  let decided: Tracked | undefined;
  let rehearsed: Tracked | undefined;
  let first: Pick<Difference, 'at' | 'then'> | undefined;
  let revision = 0n;
  for (const own of events) {
    decided = track(decided, own);
    rehearsed = track(rehearsed, under(candidate, own));
    const then = pairOf(decided, rehearsed);
    if (!first && then && differ(then)) first = { at: placeOf(own, revision), then };
    revision += 1n;
  }
  const now = decided && rehearsed && pairOf(decided, rehearsed);
  if (!first || !now || !decided) return undefined;
  const { orderId, definition } = decided.state;
  return { orderId, definition, candidate, ...first, now };
}

/** The first event names the definition: another one is named instead. */
const under = (candidate: number, own: OwnEvent): OwnEvent =>
  own.event.type === 'OrderProcessStarted'
    ? { ...own, event: { ...own.event, data: { ...own.event.data, definition: candidate } } }
    : own;

function pairOf(decided: Tracked, rehearsed: Tracked): Pair | undefined {
  if (decided.state.kind !== 'running' || rehearsed.state.kind !== 'running') return undefined;
  return {
    decided: decisionOf(decided, decided.state),
    candidate: decisionOf(rehearsed, rehearsed.state),
  };
}

const decisionOf = (tracked: Tracked, { stage, undo, intervention }: Running): Decision => ({
  stage,
  undo: undo ?? null,
  intervention: intervention ?? null,
  asksFor: outstandingOf(tracked).map(({ commandId, command, stream, notBefore = '' }) =>
    [command.type, stream, commandId, JSON.stringify(command.data), notBefore].join(' ').trim(),
  ),
});

const differ = ({ decided, candidate }: Pair): boolean =>
  JSON.stringify(decided) !== JSON.stringify(candidate);

const placeOf = ({ event, metadata }: OwnEvent, revision: bigint): Difference['at'] => ({
  revision: revision.toString(),
  heard: event.type === 'OrderProcessHeard' ? event.data.type : event.type,
  occurredAt: metadata.occurredAt,
});

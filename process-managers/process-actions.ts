import type { Origin } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, type StreamName, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { type OperatorRequest, requestId, wasAskedBy } from './operator-request.js';
import {
  type ActionDecision,
  type ActionRefusal,
  type OperatorAction,
  act,
} from './order-process/operator-actions.js';
import type { OutstandingCommand } from './order-process/outstanding.js';
import { operated, toAppend } from './own-events.js';
import type { Effects } from './process.js';
import { fold } from './processes.js';
import { type OwnEvent, type Tracked, outstandingOf, ownEvent, track } from './tracked.js';

/** An event that an action appends, and the commands that go out with it. */
export interface ActionPlan {
  readonly stream: StreamName;
  /** Of the event, once it is appended. */
  readonly revision: bigint;
  readonly event: OwnEvent;
  /** Everything that is then outstanding and may be asked for now. */
  readonly sends: readonly OutstandingCommand[];
  /** Of these. */
  readonly origin: Origin;
}

export type ActionOutcome =
  /** `repeated`: by an earlier request under the same key. */
  | { readonly outcome: 'planned' | 'done' | 'repeated'; readonly plan: ActionPlan }
  | { readonly outcome: 'refused'; readonly refusal: ActionRefusal; readonly revision: bigint }
  /** The process is not at the revision that the caller knows. */
  | { readonly outcome: 'stale'; readonly revision: bigint }
  /** It met what cannot be dealt with: what it knows is not all that happened. */
  | { readonly outcome: 'quarantined' }
  /** Something else was asked for under this key. */
  | { readonly outcome: 'key reused' }
  | { readonly outcome: 'no process' };

export interface ActionConditions {
  /** The process's revision that the caller knows; undefined: whatever it is. */
  readonly ifRevision?: bigint | undefined;
  /** Nothing may be asked for on behalf of an order in quarantine: all that can be done to its process is to pause it. */
  readonly isQuarantined?: boolean | undefined;
  /** Only says what would be done. */
  readonly dryRun?: boolean | undefined;
}

/** More others than that in between are too many to wait for. */
const MOST_CONFLICTS = 10;

/** Somebody else was always there first. */
export class ProcessContended extends Error {
  override readonly name = 'ProcessContended';
}

interface Found {
  readonly tracked: Tracked;
  /** What was recorded under the request's key. */
  readonly earlier: ActionPlan | undefined;
}

/**
 * What operators do to processes: an event in the process's stream, at an expected revision, and the commands that follow.
 * Whoever holds the order's partition is told of a conflict by its next append, and reads it. The key of a request is in
 * the id of its event, so a repeat finds it there.
 */
export class ProcessActions {
  constructor(
    private readonly log: Pick<EventStore, 'append' | 'readStream'>,
    private readonly effects: Pick<Effects, 'send' | 'now'>,
    private readonly logger: LogSink,
  ) {}

  /**
   * Throws Unreadable for a process that this build cannot read, ProcessContended, AppendOutcomeUnknown, or what reading
   * the log throws: the same request may be made again.
   */
  async perform(
    orderId: OrderId,
    action: OperatorAction,
    request: OperatorRequest,
    { ifRevision, isQuarantined = false, dryRun = false }: ActionConditions = {},
  ): Promise<ActionOutcome> {
    for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
      const found = await this.#find(orderId, request);
      if (!found) return { outcome: 'no process' };
      const { tracked, earlier } = found;
      if (earlier && !isOf(earlier, action, request)) return { outcome: 'key reused' };
      if (earlier) return { outcome: 'repeated', plan: earlier };
      if (isQuarantined && action !== 'pause') return { outcome: 'quarantined' };
      const { revision } = tracked;
      if (ifRevision !== undefined && ifRevision !== revision) return { outcome: 'stale', revision };
      const decision = decided(tracked, action);
      if ('refusal' in decision) return { outcome: 'refused', ...decision, revision };
      const event = operated(decision.event, request, this.effects.now());
      const plan = planOf(event, track(tracked, event));
      if (dryRun) return { outcome: 'planned', plan };
      const { outcome } = await this.log.append(plan.stream, revision, [toAppend(plan.event)]);
      if (outcome === 'appended') return this.#appended(orderId, action, request, plan);
    }
    throw new ProcessContended(`the process of ${orderId} went on ${MOST_CONFLICTS} times meanwhile`);
  }

  /**
   * The log takes an event for a repeat of one that has its id, and two copies of a request that come at once have the
   * same. What follows, follows from the one that stands: the other was to ask for the same, but for other instants.
   */
  async #appended(
    orderId: OrderId,
    action: OperatorAction,
    request: OperatorRequest,
    plan: ActionPlan,
  ): Promise<ActionOutcome> {
    const stands = (await this.#find(orderId, request))?.earlier ?? plan;
    if (stands.event.metadata.occurredAt !== plan.event.metadata.occurredAt)
      return { outcome: 'repeated', plan: stands };
    return { outcome: 'done', plan: await this.#sent(orderId, action, plan) };
  }

  async #find(orderId: OrderId, request: OperatorRequest): Promise<Found | undefined> {
    const stream = orderProcessStream(orderId);
    const commandId = requestId(stream, request);
    let tracked: Tracked | undefined;
    let earlier: Found['earlier'];
    for await (const recorded of this.log.readStream(stream)) {
      tracked = fold(tracked, recorded);
      const event = ownEvent(recorded);
      if (event.metadata.commandId === commandId) earlier = planOf(event, tracked);
    }
    return tracked && { tracked, earlier };
  }

  /** What does not arrive is sent by the timers. */
  async #sent(orderId: OrderId, action: OperatorAction, plan: ActionPlan): Promise<ActionPlan> {
    const { sends, event, origin } = plan;
    this.logger.info({ orderId, action, actor: event.metadata.actor }, 'an operator acted on a process');
    const outcomes = await Promise.allSettled(sends.map((command) => this.effects.send(command, origin)));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        this.logger.warn(
          { err: outcome.reason as unknown, orderId },
          'a command was not sent, and will be again',
        );
    return plan;
  }
}

/** Of a process that has recorded nothing but its beginning there is nothing to decide yet: it goes on in a moment. */
function decided({ state }: Tracked, action: OperatorAction): ActionDecision {
  if (state.kind === 'opened')
    throw new ProcessContended(`the process of ${state.orderId} is just beginning`);
  return act(state, action);
}

function planOf(event: OwnEvent, after: Tracked): ActionPlan {
  const now = event.metadata.occurredAt;
  return {
    stream: orderProcessStream(event.event.data.orderId),
    revision: after.revision,
    event,
    sends: outstandingOf(after).filter(({ notBefore = now }) => notBefore <= now),
    origin: after.origin,
  };
}

const EVENTS: Readonly<Record<OperatorAction, OwnEvent['event']['type']>> = {
  pause: 'OrderProcessPaused',
  resume: 'OrderProcessResumed',
  retry: 'OrderProcessRetried',
  compensate: 'OrderProcessCompensationForced',
  resolve: 'OrderProcessInterventionResolved',
};

const isOf = ({ event: { event, metadata } }: ActionPlan, action: OperatorAction, request: OperatorRequest) =>
  event.type === EVENTS[action] && wasAskedBy(metadata, request);

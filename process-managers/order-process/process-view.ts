import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, eventIdOf } from '@orders/shared-events/contracts/ids.js';
import { fold } from '../processes.js';
import { type OwnEvent, type Tracked, outstandingOf, ownEvent } from '../tracked.js';
import { type StageDeadline, type StageDurations } from './deadlines.js';
import { definitionOf } from './definitions.js';
import type { Running, Stage } from './order-process.js';
import type { OutstandingCommand } from './outstanding.js';
import { partitionOf } from './partition.js';
import { type ProcessStatus, statusOf } from './process-row.js';

export interface CommandView {
  readonly commandId: string;
  readonly type: string;
  readonly stream: string;
  readonly data: object;
  readonly notBefore: string | null;
}

export const linkKinds = [
  'started',
  'heard',
  'deadlinePassed',
  'paused',
  'resumed',
  'retried',
  'compensationForced',
  'interventionResolved',
  'released',
] as const;

/** One thing that the process recorded, and what it made it ask for. */
export interface ChainLink {
  readonly revision: string;
  readonly recordedAt: string;
  readonly what: (typeof linkKinds)[number];
  /** Who did it and why, where it was an operator. */
  readonly by: { readonly actor: string; readonly reason: string } | null;
  /** Of what was heard: its type, id and position in the log, and when it occurred. */
  readonly heard: {
    readonly type: string;
    readonly eventId: string;
    readonly position: string;
    readonly occurredAt: string;
  } | null;
  /** The command of this process that what was heard answers directly; null where something else brought it about. */
  readonly answers: string | null;
  readonly stage: Stage | null;
  /** The commands that became outstanding with it. */
  readonly asksFor: readonly CommandView[];
}

export interface StageView {
  readonly stage: Stage;
  readonly generation: number;
  readonly since: string;
  readonly until: string | null;
  readonly overdue: boolean;
}

export interface ProcessView {
  readonly orderId: OrderId;
  readonly definition: number;
  readonly partition: number;
  readonly status: ProcessStatus;
  readonly stage: Stage;
  readonly undoReason: string | null;
  readonly intervention: string | null;
  /** By an operator: it asks for nothing. */
  readonly paused: boolean;
  /** What an operator decided of an order whose goods may have left. */
  readonly decided: 'give back' | 'keep' | null;
  readonly correlationId: string;
  readonly startedAt: string;
  readonly revision: string;
  readonly heardPosition: string;
  readonly knows: Pick<Running, 'order' | 'cancellationRequested' | 'payment' | 'reservations' | 'terms'>;
  readonly outstanding: readonly CommandView[];
  readonly deadline: StageDeadline | null;
  readonly stages: readonly StageView[];
  readonly chain: readonly ChainLink[];
}

/** More events than any command has led to at once. */
const MOST_EVENTS_A_COMMAND = 4;

/** A process told from its own stream alone; undefined where there is none. Throws Unreadable. */
export async function viewOf(
  stream: AsyncIterable<RecordedEvent>,
  durations: StageDurations,
): Promise<ProcessView | undefined> {
  const teller = new Teller();
  for await (const recorded of stream) teller.hear(recorded);
  return teller.view(durations);
}

class Teller {
  #tracked: Tracked | undefined;
  readonly #chain: ChainLink[] = [];
  readonly #stages: StageView[] = [];
  /** Ids of the events that a command of the process would lead to, by event. */
  readonly #expected = new Map<string, string>();

  /** Throws Unreadable. */
  hear(recorded: RecordedEvent): void {
    const before = outstandingOf(this.#tracked);
    this.#tracked = fold(this.#tracked, recorded);
    const own = ownEvent(recorded);
    const known = new Set(before.map(({ commandId }) => commandId));
    const asked = outstandingOf(this.#tracked).filter(({ commandId }) => !known.has(commandId));
    this.#chain.push(this.#link(recorded, own, asked));
    this.#enterStage(own);
    for (const { commandId } of asked) this.#expect(commandId);
  }

  view(durations: StageDurations): ProcessView | undefined {
    const tracked = this.#tracked;
    if (tracked?.state.kind !== 'running') return undefined;
    const { state: process, origin, startedAt, revision } = tracked;
    return {
      orderId: process.orderId,
      definition: process.definition,
      partition: partitionOf(process.orderId),
      status: statusOf(process),
      stage: process.stage,
      undoReason: process.undo ?? null,
      intervention: process.intervention ?? null,
      paused: process.paused,
      decided: process.decided ?? null,
      correlationId: origin.correlationId,
      startedAt,
      revision: revision.toString(),
      heardPosition: process.heard,
      knows: knowledgeOf(process),
      outstanding: outstandingOf(tracked).map(commandView),
      deadline: definitionOf(process.definition).deadline(process, durations) ?? null,
      stages: this.#stages,
      chain: this.#chain,
    };
  }

  #link(
    { revision }: RecordedEvent,
    { event, metadata }: OwnEvent,
    asked: readonly OutstandingCommand[],
  ): ChainLink {
    const state = this.#tracked?.state;
    return {
      revision: revision.toString(),
      recordedAt: metadata.occurredAt,
      what: kindOf(event),
      by:
        metadata.actor.kind === 'operator'
          ? { actor: metadata.actor.subject, reason: metadata.reason ?? '' }
          : null,
      heard: heardOf(event),
      answers: (event.type === 'OrderProcessHeard' && this.#expected.get(event.data.eventId)) || null,
      stage: state?.kind === 'running' ? state.stage : null,
      asksFor: asked.map(commandView),
    };
  }

  #enterStage({ event, metadata }: OwnEvent): void {
    const state = this.#tracked?.state;
    if (state?.kind !== 'running') return;
    const last = this.#stages.pop();
    const overdue = event.type === 'OrderProcessDeadlinePassed' && last?.generation === event.data.generation;
    if (last?.generation === state.generation) {
      this.#stages.push({ ...last, overdue: last.overdue || overdue });
      return;
    }
    if (last) this.#stages.push({ ...last, until: metadata.occurredAt, overdue: last.overdue || overdue });
    const { stage, generation, stageSince: since } = state;
    this.#stages.push({ stage, generation, since, until: null, overdue: false });
  }

  #expect(commandId: string): void {
    for (let index = 0; index < MOST_EVENTS_A_COMMAND; index++) {
      this.#expected.set(eventIdOf(commandId, index), commandId);
    }
  }
}

function kindOf({ type }: OwnEvent['event']): ChainLink['what'] {
  switch (type) {
    case 'OrderProcessStarted':
      return 'started';
    case 'OrderProcessHeard':
      return 'heard';
    case 'OrderProcessDeadlinePassed':
      return 'deadlinePassed';
    case 'OrderProcessPaused':
      return 'paused';
    case 'OrderProcessResumed':
      return 'resumed';
    case 'OrderProcessRetried':
      return 'retried';
    case 'OrderProcessCompensationForced':
      return 'compensationForced';
    case 'OrderProcessInterventionResolved':
      return 'interventionResolved';
    case 'OrderProcessReleased':
      return 'released';
  }
}

function heardOf(event: OwnEvent['event']): ChainLink['heard'] {
  if (event.type !== 'OrderProcessHeard') return null;
  const { type, eventId, position, occurredAt } = event.data;
  return { type, eventId, position, occurredAt };
}

const knowledgeOf = ({
  order,
  cancellationRequested,
  payment,
  reservations,
  terms,
}: Running): ProcessView['knows'] => ({ order, cancellationRequested, payment, reservations, terms });

const commandView = ({ commandId, stream, command, notBefore }: OutstandingCommand): CommandView => ({
  commandId,
  type: command.type,
  stream,
  data: command.data,
  notBefore: notBefore ?? null,
});

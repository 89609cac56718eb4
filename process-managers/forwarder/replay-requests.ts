import { isDeepStrictEqual } from 'node:util';
import type { ForwarderReplayEvent } from '@orders/shared-events/contracts/forwarderReplay.events.js';
import { logPosition, requestIdOf, requestStream } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type OperatorRequest, requestId } from '../operator-request.js';
import {
  type Requested,
  type Standing,
  firstOf,
  isRequestFor,
  record,
  requestedAt,
  requestedBefore,
  requestedIn,
  standing,
} from '../requests.js';
import { replayed } from './announcing.js';
import { TOLD_STREAMS } from './forwarder.js';
import type { ReplaysTable } from './replays.table.js';
import { type Stretch, toldIn } from './stretch.js';
import type { Announcement } from './translation.js';

export type ReplayLog = Pick<EventStore, 'append' | 'readStream' | 'subscribe' | 'head' | 'eventAt'>;

/** What a replay would tell, as far as it could be counted in time. */
export interface Preview {
  readonly messages: Readonly<Record<string, number>>;
  readonly first: readonly Announcement[];
  /** False where there is more than could be counted. */
  readonly isComplete: boolean;
}

/** `preview`: of what is told because of it; undefined where nothing is. */
export type ReplayOutcome =
  | {
      readonly outcome: 'planned' | 'done' | 'repeated';
      readonly requested: Requested;
      readonly preview?: Preview;
    }
  | { readonly outcome: 'key reused' | 'no such position' | 'no such replay' | 'not running' };

type ReplayRequested = Extract<ForwarderReplayEvent, { type: 'ForwarderReplayRequested' }>;

const CATEGORY = 'forwarderReplay';
const MOST_SHOWN = 20;
/** A caller waits that long for a count. */
const COUNTING_MS = 10_000;

/** Records what operators ask the forwarder to tell once more: an event in a stream of the replay. */
export class ReplayRequests {
  constructor(
    private readonly log: ReplayLog,
    private readonly replays: ReplaysTable,
    private readonly now: () => string,
  ) {}

  /**
   * The preview is made of the stretch that the event names, before it is appended: the same for a dry run and the call
   * after it. Where `upTo` is undefined the stretch ends at what is there now, of a repeat where that of the first ended.
   */
  async request(
    asked: Omit<Stretch, 'upTo'> & { readonly upTo: Stretch['upTo'] | undefined },
    request: OperatorRequest,
    dryRun: boolean,
  ): Promise<ReplayOutcome> {
    const replayId = requestIdOf(CATEGORY, request.key);
    const isSame = (stands: Requested) =>
      isRequestFor('ForwarderReplayRequested', request)(stands) && isMeant(dataOf(stands), asked);
    const earlier = await requestedBefore(this.log, CATEGORY, replayId);
    if (earlier) return this.#previewed(standing(earlier, isSame));
    const { from, routingKeys } = asked;
    if ('position' in from && !(await this.log.eventAt(BigInt(from.position))))
      return { outcome: 'no such position' };
    const upTo = asked.upTo ?? logPosition(await this.log.head({ prefixes: TOLD_STREAMS }));
    const data = { replayId, from, upTo, routingKeys: [...routingKeys] };
    const event: ReplayRequested = { type: 'ForwarderReplayRequested', data };
    const requested = firstOf(CATEGORY, replayId, event, request, this.now());
    const preview = await this.#preview(data);
    if (dryRun) return { outcome: 'planned', requested, preview };
    const recorded = await record(this.log, requested, isSame);
    if (recorded.outcome !== 'done') return this.#previewed(recorded);
    // So that it is found at once; whoever carries it out does the same.
    await this.replays.begin(data, request.reason, requested.event.metadata.occurredAt);
    return { ...recorded, preview };
  }

  async stop(replayId: string, request: OperatorRequest, dryRun: boolean): Promise<ReplayOutcome> {
    const stream = requestStream(CATEGORY, replayId);
    const commandId = requestId(stream, request);
    const isSame = isRequestFor('ForwarderReplayStopped', request);
    const [stopped] = await requestedIn(this.log, stream, 1n);
    if (stopped) {
      // Whoever recorded it may have ended before it came to the row.
      if (!dryRun) await this.replays.end(replayId, 'stopped');
      const isUnderKey = stopped.event.metadata.commandId === commandId;
      return isUnderKey ? standing(stopped, isSame) : { outcome: 'not running' };
    }
    const replay = await this.replays.one(replayId);
    if (!replay) return { outcome: 'no such replay' };
    if (replay.state !== 'running') return { outcome: 'not running' };
    const event: ForwarderReplayEvent = { type: 'ForwarderReplayStopped', data: { replayId } };
    const requested = requestedAt({ stream, revision: 1n }, commandId, event, request, this.now());
    if (dryRun) return { outcome: 'planned', requested };
    const recorded = await record(this.log, requested, isSame);
    if (recorded.outcome === 'conflict') return { outcome: 'not running' };
    // At once: whoever tells looks at the row, and comes to the event only after the replay.
    await this.replays.end(replayId, 'stopped');
    return recorded;
  }

  async #previewed(stands: Standing): Promise<ReplayOutcome> {
    if (stands.outcome === 'done' || stands.outcome === 'repeated')
      return { ...stands, preview: await this.#preview(dataOf(stands.requested)) };
    return { outcome: 'key reused' };
  }

  async #preview(stretch: ReplayRequested['data']): Promise<Preview> {
    const messages: Record<string, number> = {};
    const first: Announcement[] = [];
    const timeout = AbortSignal.timeout(COUNTING_MS);
    for await (const { announcements } of toldIn(this.log, stretch, undefined, timeout)) {
      for (const { routingKey } of announcements) messages[routingKey] = (messages[routingKey] ?? 0) + 1;
      const shown = announcements.slice(0, MOST_SHOWN - first.length);
      first.push(...shown.map((one) => replayed(one, stretch.replayId)));
    }
    return { messages, first, isComplete: !timeout.aborted };
  }
}

const dataOf = ({ event }: Requested) => event.data as unknown as ReplayRequested['data'];

/** A repeat that names no end means that of the first. */
const isMeant = (
  stands: Stretch,
  {
    from,
    upTo = stands.upTo,
    routingKeys,
  }: Omit<Stretch, 'upTo'> & { readonly upTo?: Stretch['upTo'] | undefined },
) =>
  isDeepStrictEqual(stands.from, from) &&
  stands.upTo === upTo &&
  isDeepStrictEqual(stands.routingKeys, routingKeys);

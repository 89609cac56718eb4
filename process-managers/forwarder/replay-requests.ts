import type { ForwarderReplayEvent } from '@orders/shared-events/contracts/forwarderReplay.events.js';
import {
  EventId,
  eventIdOf,
  logPosition,
  requestIdOf,
  requestStream,
} from '@orders/shared-events/contracts/ids.js';

import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type OperatorRequest, requestId } from '../operator-request.js';
import { metadataOf } from '../own-events.js';
import { type Requested, firstOf, isSameRequest, requestedBefore } from '../requests.js';
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

export type ReplayOutcome =
  | { readonly outcome: 'planned'; readonly requested: Requested; readonly preview: Preview }
  | { readonly outcome: 'done' | 'repeated'; readonly requested: Requested }
  | { readonly outcome: 'key reused' | 'no such position' | 'no such replay' | 'not running' };

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

  /** @param upTo undefined: what is there now */
  async request(
    { from, upTo, routingKeys }: Omit<Stretch, 'upTo'> & { readonly upTo: Stretch['upTo'] | undefined },
    request: OperatorRequest,
    dryRun: boolean,
  ): Promise<ReplayOutcome> {
    const replayId = requestIdOf(CATEGORY, request.key);
    const earlier = await requestedBefore(this.log, CATEGORY, replayId);
    if (!earlier && 'position' in from && !(await this.log.eventAt(BigInt(from.position))))
      return { outcome: 'no such position' };
    const stretch = { from, upTo: upTo ?? (await this.#end(earlier)), routingKeys };
    const event: ForwarderReplayEvent = {
      type: 'ForwarderReplayRequested',
      data: { replayId, ...stretch, routingKeys: [...routingKeys] },
    };
    const requested = firstOf(CATEGORY, replayId, event, request, this.now());
    if (earlier) return repeated(earlier, requested);
    if (dryRun) return { outcome: 'planned', requested, preview: await this.#preview(stretch) };
    const { outcome } = await this.log.append(requested.stream, 'no_stream', [requested.event]);
    if (outcome === 'conflict') return { outcome: 'key reused' };
    // So that it is found at once; whoever carries it out does the same.
    await this.replays.begin(event.data, request.reason, requested.event.metadata.occurredAt);
    return { outcome: 'done', requested };
  }

  async stop(replayId: string, request: OperatorRequest, dryRun: boolean): Promise<ReplayOutcome> {
    const stream = requestStream(CATEGORY, replayId);
    const commandId = requestId(stream, request);
    const event: ForwarderReplayEvent = { type: 'ForwarderReplayStopped', data: { replayId } };
    const metadata = metadataOf(request, commandId, event.type, this.now());
    const requested: Requested = { stream, event: { id: eventIdOf(commandId, 0), ...event, metadata } };
    const stops = await this.#stopsOf(replayId);
    if (stops.includes(requested.event.id)) return { outcome: 'repeated', requested };
    const replay = await this.replays.one(replayId);
    if (!replay) return { outcome: 'no such replay' };
    if (replay.state !== 'running' || stops.length > 0) return { outcome: 'not running' };
    if (dryRun) return { outcome: 'planned', requested, preview: NOTHING };
    const { outcome } = await this.log.append(stream, 0n, [requested.event]);
    if (outcome === 'conflict') return { outcome: 'not running' };
    // At once: whoever tells looks at the row, and comes to the event only after the replay.
    await this.replays.end(replayId, 'stopped');
    return { outcome: 'done', requested };
  }

  async #stopsOf(replayId: string): Promise<EventId[]> {
    const stops: EventId[] = [];
    for await (const { id } of this.log.readStream(requestStream(CATEGORY, replayId), 1n))
      stops.push(EventId.parse(id));
    return stops;
  }

  /** Of a repeat, that of the first. */
  async #end(earlier: Requested | undefined): Promise<Stretch['upTo']> {
    const data = earlier?.event.data as Partial<Stretch> | undefined;
    return data?.upTo ?? logPosition(await this.log.head({ prefixes: TOLD_STREAMS }));
  }

  async #preview(stretch: Stretch): Promise<Preview> {
    const messages: Record<string, number> = {};
    const first: Announcement[] = [];
    const timeout = AbortSignal.timeout(COUNTING_MS);
    for await (const { announcements } of toldIn(this.log, stretch, undefined, timeout)) {
      for (const { routingKey } of announcements) messages[routingKey] = (messages[routingKey] ?? 0) + 1;
      first.push(...announcements.slice(0, MOST_SHOWN - first.length));
    }
    return { messages, first, isComplete: !timeout.aborted };
  }
}

const NOTHING: Preview = { messages: {}, first: [], isComplete: true };

function repeated(earlier: Requested, now: Requested): ReplayOutcome {
  const isSame =
    isSameRequest(earlier, now) && JSON.stringify(earlier.event.data) === JSON.stringify(now.event.data);
  return isSame ? { outcome: 'repeated', requested: earlier } : { outcome: 'key reused' };
}

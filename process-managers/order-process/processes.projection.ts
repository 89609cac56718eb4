import { EventMetadata, type RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Move } from '../checkpoints.js';
import { type Follower, type FollowingOptions, SoleFollower } from '../following.js';
import type { Processes } from '../processes.js';
import { type StageBegan, type Tracked, logAheadOf } from '../tracked.js';
import { Unreadable } from '../unreadable.js';
import type { Projected } from './process-row.js';
import type { ProcessesTable } from './processes.table.js';

export const PROCESSES = 'processes';

/** Long, beside an order that takes its way in less: of most only the last state is ever written. */
const GATHER_MS = 250;
const MOST_ROWS = 1_000;
const STAGES_KEPT = 10_000;

/** Follows the processes' own streams and keeps a row for each. */
export const processesProjection = (
  options: Pick<FollowingOptions, 'log' | 'checkpoints' | 'logger'>,
  processes: Processes,
  table: ProcessesTable,
): SoleFollower =>
  new SoleFollower(
    { ...options, name: PROCESSES, prefixes: ['orderProcess-'], storeEveryMs: GATHER_MS },
    () => new Gathering(processes, table, options.logger),
  );

/** Keeps the last state of each process until it is written. */
export class Gathering implements Follower {
  #gathered = new Map<string, Projected>();
  /** Of processes that this instance has brought to their stage: the event that began it, once it was followed. */
  readonly #began = new BoundedCache<string, { readonly revision: bigint; readonly logAheadMs: number }>(
    STAGES_KEPT,
  );

  constructor(
    private readonly processes: Processes,
    private readonly table: Pick<ProcessesTable, 'store'>,
    private readonly logger: LogSink,
  ) {}

  async take(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    for (const event of events) {
      const tracked = await this.#follow(event);
      if (tracked?.state.kind !== 'running') continue;
      const logAheadMs = tracked.stageBegan.logAheadMs ?? this.#logAhead(event, tracked.stageBegan);
      this.#gathered.set(event.streamId, { tracked, logAheadMs });
    }
    while (this.#gathered.size >= MOST_ROWS && !signal.aborted) await sleep(GATHER_MS, signal);
  }

  /** A process that this build cannot read keeps its last row, and no other process waits for it. */
  async #follow(event: RecordedEvent): Promise<Tracked | undefined> {
    try {
      return await this.processes.follow(event);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.logger.error({ err: error, stream: event.streamId }, 'the row of a process stays behind');
      return undefined;
    }
  }

  /** Of a stage that this instance has begun, and not read. Until its first event is followed another one stands for it. */
  #logAhead({ streamId, revision, metadata, recordedAt }: RecordedEvent, began: StageBegan): number {
    const known = this.#began.get(streamId);
    if (known?.revision === began.revision) return known.logAheadMs;
    const logAheadMs = logAheadOf(EventMetadata.parse(metadata), recordedAt);
    if (revision === began.revision) this.#began.set(streamId, { revision, logAheadMs });
    return logAheadMs;
  }

  store(move: Move): Promise<boolean> {
    const gathered = this.#gathered;
    this.#gathered = new Map<string, Projected>();
    return this.table.store(gathered.values(), move);
  }
}

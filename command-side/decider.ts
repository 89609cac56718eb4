import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { Addressed, CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import { type Decided, type Folded, decideAll } from './batch.js';
import type { Decider } from './decision.js';
import type { Effects } from './effects.js';
import { FoldedStreams } from './folded-streams.js';

/**
 * How a command ended. `position`: the log position by which what is answered can be read; of a repeat, that of
 * the stream's newest event, 0 in an empty stream. `state` is the aggregate after it.
 */
export type Outcome<State, Event, Refusal> =
  | {
      readonly outcome: 'happened' | 'repeated';
      readonly position: bigint;
      readonly events: readonly Event[];
      readonly state: State;
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Other writers won every race on this stream until the deadline. Nothing was written; the command may be sent again. */
export class StreamContended extends Error {
  override readonly name = 'StreamContended';
}

/**
 * What a command is first decided on. `known`: what this process knows of the stream, or, where it knows nothing, what
 * it reads. `nothing`: the same, but a stream of which it knows nothing most likely does not exist, and the append is
 * tried before any read. `read`: what is read now, whatever is known.
 */
export type From = 'known' | 'nothing' | 'read';

/** A command that waits for its turn on its stream. */
interface Job<State, Command, Event, Refusal> {
  readonly addressed: Addressed<Command>;
  readonly from: From;
  readonly resolve: (outcome: Outcome<State, Event, Refusal>) => void;
  readonly reject: (error: unknown) => void;
}

const RETRY_DEADLINE_MS = 5_000;
const MAX_PAUSE_MS = 100;
/** 32 of the largest decisions (an order of a hundred lines is 25 KB) stay below the store's limit of 1 MiB an append. */
const MAX_BATCH = 32;

/**
 * Load, decide, append, retry on conflict: rules 1 to 4 of the design for one aggregate.
 *
 * Commands on one stream are decided one after the other; those that arrive while an append is under way are
 * decided together and appended as one. An append at the expected revision proves that the state was current. An
 * answer that appends nothing has no such proof, so it is given only on a state that was read forward since.
 *
 * Two processes that decide one command at one revision write the same event ids, and the store takes the second
 * append for a repeat of the first. That is sound while a decision follows from command and state; a caller that
 * may send other content under the same key (a natural key, not a process's command id) gives each request a
 * command id of its own. Who does more than append, and not twice, decides from what is read: otherwise an outcome
 * of `happened` does not say that it happened just now.
 */
export class DeciderRunner<
  State,
  Command extends CommandOf<string, unknown>,
  Event extends DomainEvent,
  Refusal,
> {
  readonly #streams: FoldedStreams<State, Event>;
  readonly #lanes = new Map<StreamName, Job<State, Command, Event, Refusal>[]>();

  constructor(
    private readonly decider: Decider<State, Command, Event, Refusal>,
    private readonly effects: Effects,
  ) {
    this.#streams = new FoldedStreams(decider, effects);
  }

  /** @throws StreamContended, AppendOutcomeUnknown, or what reading the log throws. Nothing else was decided then. */
  execute(
    addressed: Addressed<Command>,
    { from = 'known' }: { readonly from?: From } = {},
  ): Promise<Outcome<State, Event, Refusal>> {
    return new Promise((resolve, reject) => {
      const job = { addressed, from, resolve, reject };
      const waiting = this.#lanes.get(addressed.stream);
      if (waiting) return void waiting.push(job);
      const lane = [job];
      this.#lanes.set(addressed.stream, lane);
      void this.#drain(addressed.stream, lane);
    });
  }

  /** The folded stream, read forward now, or as it was at most `maxAgeMs` ago. */
  load(stream: StreamName, maxAgeMs = 0): Promise<Folded<State>> {
    return this.#streams.load(stream, maxAgeMs);
  }

  async #drain(stream: StreamName, lane: Job<State, Command, Event, Refusal>[]): Promise<void> {
    await Promise.resolve(); // what is sent in one turn has arrived together
    while (lane.length > 0) {
      const jobs = lane.splice(0, MAX_BATCH);
      try {
        await this.#settle(stream, jobs);
      } catch (error) {
        // What is known of the stream stays true as far as it goes. What was appended after all is a conflict next time,
        // or, where the same commands come again, their repeat: the hour decides only whether they are refused, and for
        // a refusal the log is read.
        for (const job of jobs) job.reject(error);
      }
    }
    this.#lanes.delete(stream);
  }

  /** Decides the jobs until an append, or a read, has proved the state that they were decided on. */
  async #settle(stream: StreamName, jobs: readonly Job<State, Command, Event, Refusal>[]): Promise<void> {
    const deadline = this.effects.now().getTime() + RETRY_DEADLINE_MS;
    const commands = jobs.map((job) => job.addressed);
    let [folded, proved] = await this.#stateFor(stream, jobs);
    for (let conflicts = 0; ;) {
      const decided = decideAll(this.decider, commands, folded, this.effects.now());
      if (decided.events.length > 0) {
        const result = await this.effects.append(stream, folded.revision ?? 'no_stream', decided.events);
        if (result.outcome === 'appended') return this.#appended(stream, jobs, decided, result);
        await this.#pause(stream, conflicts++, deadline);
      } else if (proved) {
        return this.#answer(jobs, decided, folded);
      }
      folded = await this.#streams.readForward(stream, folded);
      proved = true;
    }
  }

  /** What is known, or read; and whether it is proved, i.e. was read just now. */
  async #stateFor(
    stream: StreamName,
    jobs: readonly Job<State, Command, Event, Refusal>[],
  ): Promise<[state: Folded<State>, proved: boolean]> {
    const known = this.#streams.known(stream);
    if (jobs.every(({ from }) => from !== 'read')) {
      if (known) return [known, false];
      if (jobs.every(({ from }) => from === 'nothing')) return [this.#streams.nothing(), false];
    }
    return [await this.#streams.readForward(stream, known), true];
  }

  #appended(
    stream: StreamName,
    jobs: readonly Job<State, Command, Event, Refusal>[],
    decided: Decided<State, Event, Refusal>,
    { revision, position }: Extract<AppendResult, { outcome: 'appended' }>,
  ): void {
    const folded = { state: decided.state, revision, position, readAt: this.effects.now().getTime() };
    this.#streams.appended(stream, folded);
    this.#answer(jobs, decided, folded);
  }

  #answer(
    jobs: readonly Job<State, Command, Event, Refusal>[],
    { answers }: Decided<State, Event, Refusal>,
    { position }: Folded<State>,
  ): void {
    for (const [index, job] of jobs.entries()) {
      const answer = answers[index];
      if (!answer) continue;
      if ('failed' in answer) job.reject(answer.failed);
      else if ('refused' in answer) job.resolve({ outcome: 'refused', refusal: answer.refused });
      else {
        const outcome = answer.events.length > 0 ? 'happened' : 'repeated';
        job.resolve({ outcome, position, events: answer.events, state: answer.state });
      }
    }
  }

  /** The first conflict costs nothing; then the rivals spread out. */
  async #pause(stream: StreamName, conflicts: number, deadline: number): Promise<void> {
    if (this.effects.now().getTime() >= deadline) {
      throw new StreamContended(`${stream}: lost every race within ${RETRY_DEADLINE_MS} ms`);
    }
    if (conflicts === 0) return;
    await this.effects.sleep(this.effects.random() * Math.min(MAX_PAUSE_MS, 2 ** conflicts));
  }
}

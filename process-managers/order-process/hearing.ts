import { performance } from 'node:perf_hooks';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { Slots } from '@orders/shared-events/transport/slots.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { BEGINNING, type Checkpoints, type Claim } from '../checkpoints.js';
import type { Keeper, Lease } from '../leases.js';
import type { Parking } from '../parking/parking.js';
import type { ProcessRunner } from '../process.js';
import type { QuarantineTable } from '../quarantine/quarantine.table.js';
import { orderOf } from './news.js';
import { Partition, partitionNamed, partitionNames, partitionOf } from './partition.js';

export const HEARD_STREAMS = ['order-', 'payment-', 'stock-', 'quarantine-'];

/** Events in hand at once. The log writes hardly more a second with more, and each would only wait longer. */
const IN_HAND = 64;
const STORE_EVERY_MS = 1_000;
/** How long a partition that is given up may take to finish; below the lease's time to live. */
const DRAIN_MS = 2_000;
const DRAIN_POLL_MS = 20;

export interface HearingOptions {
  readonly log: Pick<EventStore, 'subscribe' | 'head'>;
  readonly runner: Pick<ProcessRunner, 'hear' | 'keepInQuarantine' | 'letGo'>;
  readonly checkpoints: Checkpoints;
  readonly quarantine: Pick<QuarantineTable, 'ofPartitions'>;
  readonly parking: Pick<Parking, 'gained'>;
  readonly logger: LogSink;
}

/**
 * Hears the log for the partitions whose leases this instance holds: one subscription, from the lowest position
 * that any of them still needs. Each partition passes over what it has heard before.
 */
export class Hearing implements Keeper {
  readonly names = partitionNames;
  readonly #partitions = new Map<number, Partition>();
  readonly #slots = new Slots(IN_HAND);
  #listening = { stop: new AbortController(), ended: Promise.resolve() };
  #caughtUp = false;
  #storing: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(private readonly options: HearingOptions) {}

  start(): void {
    this.#loop = this.#storeEverySoOften();
  }

  /** The partitions that this instance holds. */
  get partitions(): number[] {
    return [...this.#partitions.keys()];
  }

  /** The same with the token of each hold: a partition that was lost and gained again has another one. */
  get holds(): ReadonlyMap<number, bigint> {
    return new Map([...this.#partitions].map(([id, { token }]) => [id, token]));
  }

  /** Those among them that heard everything there was, this long ago or longer. */
  settled(forMs: number): number[] {
    const before = performance.now() - forMs;
    return this.partitions.filter((id) => (this.#partitions.get(id)?.caughtUpSince ?? Infinity) <= before);
  }

  /**
   * Asks the log what there is to be heard, so that `heardUpTo` says something of now as soon as that was heard. It is
   * asked also where what it last told is still to be heard: to know that it answers. Throws what reading the log throws.
   */
  async lookForward(): Promise<void> {
    const held = [...this.#partitions.values()];
    if (held.length === 0) return;
    const asking = held.filter(({ wantsHead }) => wantsHead);
    const at = performance.now();
    const atLeast = lowestSeen(held);
    const head = await this.options.log.head({ prefixes: HEARD_STREAMS, atLeast });
    for (const partition of asking) partition.askedAt(head, at);
  }

  /** Whatever was recorded by then has been heard; undefined where the partition is not held. Monotonic, in ms. */
  heardUpTo(partition: number): number | undefined {
    return this.#partitions.get(partition)?.heardUpTo;
  }

  async gained(leases: readonly Lease[]): Promise<void> {
    const claims = await this.options.checkpoints.claim(leases);
    const head = await this.options.log.head();
    const partitions = claims.map(({ name }) => partitionNamed(name));
    await this.#quarantine(claims);
    await this.options.parking.gained(partitions);
    for (const claim of claims) this.#partitions.set(partitionNamed(claim.name), new Partition(claim, head));
    await this.#listenAnew();
  }

  /** What only a newer build could read may be for this one, now: it is taken up before anything else is heard. */
  async #quarantine(claims: readonly Claim[]): Promise<void> {
    const { runner, quarantine } = this.options;
    const heardUpTo = new Map(claims.map(({ name, position }) => [partitionNamed(name), position]));
    const orders = await quarantine.ofPartitions([...heardUpTo.keys()]);
    runner.keepInQuarantine([...heardUpTo.keys()], orders);
    for (const { orderId, position: from } of orders.filter(({ newer }) => newer)) {
      const upTo = heardUpTo.get(partitionOf(orderId)) ?? BEGINNING;
      this.#unlessStopped(orderId, runner.letGo(orderId, { from, upTo, request: undefined }));
    }
  }

  /** What is not done by then is done by whoever holds the partition next. */
  #unlessStopped(orderId: OrderId, work: Promise<void>): void {
    work.catch((error: unknown) => this.options.logger.warn({ err: error, orderId }, 'not released'));
  }

  lost(names: readonly string[]): void {
    for (const name of names) this.#partitions.delete(partitionNamed(name));
  }

  async release(names: readonly string[]): Promise<void> {
    const leaving = names.flatMap((name) => this.#partitions.get(partitionNamed(name)) ?? []);
    for (const partition of leaving) partition.leaving = true;
    const deadline = performance.now() + DRAIN_MS;
    while (leaving.some(({ mark }) => !mark.idle) && performance.now() < deadline) await sleep(DRAIN_POLL_MS);
    await this.store().catch((error: unknown) => this.options.logger.warn({ err: error }, 'not stored'));
    this.lost(names);
  }

  /** After the partitions were released. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#listening.stop.abort();
    await Promise.all([this.#loop, this.#listening.ended]);
  }

  /** Stores how far each partition came. */
  store(): Promise<void> {
    this.#storing = this.#storing.catch(() => undefined).then(() => this.#store());
    return this.#storing;
  }

  async #storeEverySoOften(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(STORE_EVERY_MS, this.#stop.signal);
      await this.store().catch((error: unknown) => {
        this.options.logger.warn({ err: error }, 'checkpoints not stored, trying again');
      });
    }
  }

  async #store(): Promise<void> {
    const now = performance.now();
    const moves = [...this.#partitions.values()].flatMap((one) => one.move(this.#caughtUp, now) ?? []);
    const moved = await this.options.checkpoints.move(moves);
    for (const move of moves) {
      if (moved.has(move.name)) this.#heldAs(move)?.stored(move.to, now);
    }
    const missed = moves.filter(({ name }) => !moved.has(name));
    if (missed.length > 0) await this.#lookAgain(missed);
  }

  /** A move that failed may have been made by an earlier try; if not, the partition is somebody else's. */
  async #lookAgain(missed: readonly Pick<Claim, 'name' | 'token'>[]): Promise<void> {
    const held = new Map((await this.options.checkpoints.held(missed)).map((claim) => [claim.name, claim]));
    for (const miss of missed) {
      const [claim, partition] = [held.get(miss.name), this.#heldAs(miss)];
      if (claim) partition?.stored(claim.position, -Infinity);
      else if (partition) this.lost([miss.name]);
    }
  }

  /** None where it was lost since then, also where it was gained again: what comes of an earlier hold says nothing of it. */
  #heldAs({ name, token }: Pick<Claim, 'name' | 'token'>): Partition | undefined {
    const partition = this.#partitions.get(partitionNamed(name));
    return partition?.token === token ? partition : undefined;
  }

  async #listenAnew(): Promise<void> {
    this.#listening.stop.abort();
    await this.#listening.ended;
    const stop = new AbortController();
    this.#caughtUp = false;
    this.#listening = { stop, ended: this.#listen(stop.signal) };
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const lowest = lowestSeen([...this.#partitions.values()]);
    const after = lowest === BEGINNING ? undefined : lowest;
    const batches = this.options.log.subscribe({ name: 'hearing', after, prefixes: HEARD_STREAMS, signal });
    for await (const { events, position, caughtUp } of batches) {
      this.#caughtUp = false;
      for (const event of events) {
        if (signal.aborted) return;
        await this.#dispatch(event);
      }
      const now = performance.now();
      for (const partition of this.#partitions.values()) partition.reached(position, caughtUp, now);
      this.#caughtUp = caughtUp;
    }
  }

  async #dispatch(event: RecordedEvent): Promise<void> {
    const orderId = orderOf(event);
    if (!orderId) return;
    const partition = this.#partitions.get(partitionOf(orderId));
    if (!partition || partition.leaving || event.position <= partition.mark.seen) return;
    await this.#slots.take();
    partition.mark.begin(event.position, performance.now());
    void this.options.runner.hear(orderId, event).then(
      () => {
        partition.mark.finish(event.position);
        this.#slots.give();
      },
      // It stays in hand: the checkpoint cannot pass it, and whoever comes next hears it again.
      (error: unknown) => {
        this.#slots.give();
        this.options.logger.warn({ err: error, orderId }, 'not heard');
      },
    );
  }
}

/** Up to here each of them has seen the log; its beginning where there are none. */
function lowestSeen(partitions: readonly Partition[]): bigint {
  const seen = partitions.map(({ mark }) => mark.seen);
  return seen.reduce((low, position) => (position < low ? position : low), seen[0] ?? BEGINNING);
}

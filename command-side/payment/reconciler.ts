/**
 * Compares, every so often, the provider's books with the streams of the payments: those that either of them has
 * changed since the last time, so that the work does not grow with what there is.
 *
 * What changed within the grace period may be on its way, and is left to the next time. So is everything while the
 * provider has not been there for that long: the order processes take up what waited for it.
 *
 * Any number of instances may do so; what one has done a moment ago the others leave out. Where two do it at the same
 * time a discrepancy is still told once, since the payment's stream knows what was told, or what mended it.
 */
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { sleep, within } from '@orders/shared-events/transport/waiting.js';
import { changedPayments } from './changed-payments.js';
import { Comparison } from './comparison.js';
import type { ProviderBooks } from './provider.js';
import type { Place, ReconciliationBookmark } from './reconciliation-bookmark.js';

const PAGE = 500;
/** A sweep that is long is taken in parts, so that what was done is not done again after a crash. */
const MOST_PAGES = 20;
/** Between the parts. */
const PART_PAUSE_MS = 1_000;

export interface ReconcilerOptions {
  readonly books: ProviderBooks;
  readonly log: Pick<EventStore, 'subscribe'>;
  readonly bookmark: ReconciliationBookmark;
  readonly comparison: Comparison;
  /** For how long the provider has been there. Milliseconds. */
  readonly steadyMs: () => number;
  readonly swept: () => void;
  /** Milliseconds. */
  readonly settings: {
    readonly intervalMs: number;
    readonly graceMs: number;
    /** How long the books' answer is waited for. */
    readonly timeoutMs: number;
  };
  readonly logger: LogSink;
}

/** `left-out`: another instance did it a moment ago. `more`: there is more to compare. */
export type Sweep = 'done' | 'more' | 'left-out';

export class Reconciler {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly options: ReconcilerOptions) {}

  /** The first time is a grace period after the start: what a crash left over is taken up by then. */
  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { intervalMs, graceMs } = this.options.settings;
    while (!signal.aborted) {
      const missing = graceMs - this.options.steadyMs();
      if (missing > 0) await sleep(missing, signal);
      else await sleep((await this.#tried()) === 'more' ? PART_PAUSE_MS : intervalMs, signal);
    }
  }

  /** An outage delays: it is tried again at the next time. */
  async #tried(): Promise<Sweep | undefined> {
    try {
      return await this.sweep();
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.options.logger.warn({ err: error }, 'payments were not reconciled');
      return undefined;
    }
  }

  async sweep(): Promise<Sweep> {
    const { bookmark, settings, swept } = this.options;
    const before = await bookmark.read();
    if (before.atEnd && isLately(before.at, settings.intervalMs / 2)) return 'left-out';
    const latest = new Date(Date.now() - settings.graceMs);
    let place: Place = { ...before, atEnd: false };
    for (let page = 0; page < MOST_PAGES && !place.atEnd; page++) place = await this.#page(place, latest);
    await bookmark.move(before, place);
    swept();
    return place.atEnd ? 'done' : 'more';
  }

  async #page({ cursor, position }: Place, latest: Date): Promise<Place> {
    const { books, log, comparison, settings } = this.options;
    const [provider, payments] = await Promise.all([
      within(settings.timeoutMs, 'the provider', books.changes(cursor, settings.graceMs, PAGE)),
      changedPayments(log, position, { latest, limit: PAGE, stop: this.#stop.signal }),
    ]);
    const changed = (provider?.entries ?? []).map(({ paymentId }) => paymentId);
    await comparison.compare(new Set([...payments.revisions.keys(), ...changed]), payments.revisions);
    return {
      cursor: provider?.cursor ?? cursor,
      position: payments.position,
      atEnd: payments.atEnd && (provider?.entries.length ?? 0) < PAGE,
    };
  }
}

const isLately = (at: Date | undefined, withinMs: number): boolean =>
  at !== undefined && Date.now() - at.getTime() < withinMs;

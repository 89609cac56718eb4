import { EventEmitter } from 'node:events';
import { type Client, type Notification } from 'pg';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { backoff, settles, sleep } from '@orders/shared-events/transport/waiting.js';
import { liveBuild } from '../builds/builds.js';
import { Announcement, CHANNEL } from './announcement.js';

export interface PositionFeedOptions {
  readonly connect: () => Promise<Client>;
  readonly contract: string;
  readonly logger: LogSink;
}

/** A connection that has silently died is found out after so long, and the time that an answer has. */
const HEARTBEAT_MS = 10_000;
const STOP_MS = 3_000;

/**
 * How far the rows that readers see are, as it happens: one listening connection a process, fanned out in memory.
 * After a lost connection it reads where things stand, so that nothing that was missed stays unnoticed.
 */
export class PositionFeed {
  readonly #emitter = new EventEmitter<{ advanced: [bigint]; builds: [] }>();
  readonly #stop = new AbortController();
  /** What readers see; undefined while that is being found out. */
  #build: string | undefined;
  #position: bigint | undefined;
  #missed = false;
  #running: Promise<void> | undefined;

  constructor(private readonly options: PositionFeedOptions) {
    this.#emitter.setMaxListeners(0);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#running) await settles(STOP_MS, this.#running);
  }

  /** Of the build that readers see; undefined before the first connection. */
  get position(): bigint | undefined {
    return this.#position;
  }

  /** Called with each new position of what readers see. Returns how to end that. */
  onAdvanced(listener: (position: bigint) => void): () => void {
    this.#emitter.on('advanced', listener);
    return () => this.#emitter.off('advanced', listener);
  }

  /** Called when a build was promoted or has lost its builder. Returns how to end that. */
  onBuilds(listener: () => void): () => void {
    this.#emitter.on('builds', listener);
    return () => this.#emitter.off('builds', listener);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#listen(() => (failures = 0));
      } catch (error) {
        this.options.logger.warn({ err: error }, 'not listening for read model positions');
      }
      await sleep(backoff(failures++), this.#stop.signal);
    }
  }

  /** Returns or rejects when the connection is gone. */
  async #listen(connected: () => void): Promise<void> {
    const client = await this.options.connect();
    const gone = AbortSignal.any([this.#stop.signal, lostSignal(client)]);
    // What is being asked fails then, instead of being waited for.
    gone.addEventListener('abort', () => void client.end());
    try {
      client.on('notification', (notification) => this.#hear(client, notification));
      await client.query({ text: `LISTEN ${CHANNEL}` });
      connected();
      while (!gone.aborted) {
        await this.#readLive(client);
        await sleep(HEARTBEAT_MS, gone);
      }
    } finally {
      await client.end();
    }
  }

  #hear(client: Client, { payload }: Notification): void {
    const announcement = Announcement.safeParse(parsed(payload));
    if (!announcement.success) return;
    if (announcement.data.kind === 'builds') {
      this.#emitter.emit('builds');
      this.#readLive(client).catch((error: unknown) =>
        this.options.logger.warn({ err: error }, 'the live build is not known'),
      );
    } else if (this.#build === undefined) {
      this.#missed = true;
    } else if (announcement.data.build === this.#build) {
      this.#moveTo(BigInt(announcement.data.position));
    }
  }

  /** Reads again when something was heard meanwhile: nobody can say whether it was before or after. */
  async #readLive(client: Client): Promise<void> {
    do {
      this.#build = undefined;
      this.#missed = false;
      const live = await liveBuild(client, this.options.contract);
      if (!live) return;
      this.#moveTo(live.position);
      if (!this.#missed) this.#build = live.build;
    } while (this.#missed);
  }

  /** Promotion never takes back what readers have seen, so the position only rises. */
  #moveTo(position: bigint): void {
    if (this.#position !== undefined && position <= this.#position) return;
    this.#position = position;
    this.#emitter.emit('advanced', position);
  }
}

function lostSignal(client: Client): AbortSignal {
  const lost = new AbortController();
  client.once('end', () => lost.abort());
  client.once('error', () => lost.abort());
  return lost.signal;
}

function parsed(payload: string | undefined): unknown {
  try {
    return JSON.parse(payload ?? '');
  } catch {
    return undefined;
  }
}

import type { NewEvent, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import { NOW } from '@orders/shared-events/testing/given.js';
import type { Effects } from '../effects.js';
import { SimulatedSnapshots } from './simulated-snapshots.js';

/**
 * The effects of a decider on a virtual clock, with a log that keeps the expected revision. A spec makes things
 * happen just before an append is judged, or in place of it.
 */
export class SimulatedLog implements Effects {
  readonly events: RecordedEvent[] = [];
  readonly appends: (readonly NewEvent[])[] = [];
  readonly snapshots = new SimulatedSnapshots();
  reads = 0;
  eventsRead = 0;
  clock = Date.parse(NOW);
  beforeAppend: (stream: StreamName) => void | Promise<void> = () => undefined;

  async *read(stream: StreamName, fromRevision: bigint, maxCount?: number): AsyncGenerator<RecordedEvent> {
    this.reads += 1;
    await Promise.resolve();
    const from = Number(fromRevision);
    for (const event of this.#of(stream).slice(from, maxCount && from + maxCount)) {
      this.eventsRead += 1;
      yield event;
    }
  }

  async append(
    stream: StreamName,
    expected: bigint | 'no_stream',
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    await this.beforeAppend(stream);
    this.appends.push(events);
    const last = this.#of(stream).at(-1)?.revision ?? 'no_stream';
    if (last !== expected) return { outcome: 'conflict' };
    this.write(stream, events);
    const head = this.#of(stream).at(-1);
    return { outcome: 'appended', revision: head?.revision ?? 0n, position: head?.position ?? 0n };
  }

  /** What another process appends. */
  write(stream: StreamName, events: readonly NewEvent[]): void {
    for (const { id, type, data, metadata } of events) {
      const revision = BigInt(this.#of(stream).length);
      const position = BigInt(this.events.length + 1) * 100n;
      const stored = { data: structuredClone(data), metadata: structuredClone(metadata) };
      this.events.push({ id, type, streamId: stream, revision, position, recordedAt: this.now(), ...stored });
    }
  }

  now(): Date {
    return new Date(this.clock);
  }

  random(): number {
    return 0.5;
  }

  async sleep(ms: number): Promise<void> {
    this.clock += ms;
    await Promise.resolve();
  }

  #of(stream: StreamName): RecordedEvent[] {
    return this.events.filter(({ streamId }) => streamId === stream);
  }
}

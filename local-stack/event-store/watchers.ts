import type { LogEntry } from './event-log.js';

/** Who waits for news of the log: of one stream, or of all. */
export class Watchers {
  private readonly all = new Set<() => void>();
  private readonly byStream = new Map<string, Set<() => void>>();

  /** `wake` is called after each commit that concerns `stream` (undefined: any). Returns how to stop. */
  watch(stream: string | undefined, wake: () => void): () => void {
    if (stream === undefined) {
      this.all.add(wake);
      return () => this.all.delete(wake);
    }
    const watchers = this.byStream.get(stream) ?? new Set();
    this.byStream.set(stream, watchers.add(wake));
    return () => {
      watchers.delete(wake);
      if (watchers.size === 0 && this.byStream.get(stream) === watchers) this.byStream.delete(stream);
    };
  }

  notify(entries: readonly LogEntry[]): void {
    for (const wake of this.all) wake();
    if (this.byStream.size === 0) return;
    for (const { stream } of entries) {
      for (const wake of this.byStream.get(stream) ?? []) wake();
    }
  }
}

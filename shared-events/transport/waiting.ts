/** Resolves after `ms` milliseconds, or at once when the signal aborts. Never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** The pause before the n-th repeat (from 0): doubling from `first` up to `most`, with up to 20 % of jitter. */
export function backoff(repeat: number, first = 100, most = 5_000): number {
  const pause = Math.min(most, first * 2 ** Math.min(repeat, 20));
  return Math.round(pause * (0.8 + Math.random() * 0.2));
}

/** Whoever was asked did not answer in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Rejects with a NoAnswer that says `what` when the promise has not settled within `ms`. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`${what}: no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the promise settles within `ms`, either way. Never rejects. */
export async function settles(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const late = sleep(ms, over.signal).then(() => false);
  return Promise.race([settled, late]).finally(() => over.abort());
}

/** How much was done within how long. */
export interface Throughput {
  readonly done: number;
  readonly seconds: number;
}

export const perSecond = ({ done, seconds }: Throughput): number => done / seconds;

/**
 * Repeats the work so many times at once, each next one as soon as one has ended, for that long. Rejects with the
 * first failure: a rate of which some failed says nothing.
 */
export async function closedLoop(
  seconds: number,
  inFlight: number,
  work: () => Promise<void>,
): Promise<Throughput> {
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { done, seconds: (performance.now() - startedAt) / 1000 };
}

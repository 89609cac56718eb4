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
export function closedLoop(
  seconds: number,
  inFlight: number,
  work: () => Promise<void>,
): Promise<Throughput> {
  const until = performance.now() + seconds * 1000;
  return repeat(() => performance.now() < until, inFlight, work);
}

/** The same until it is done that often. */
export function countedLoop(times: number, inFlight: number, work: () => Promise<void>): Promise<Throughput> {
  let left = times;
  return repeat(() => left-- > 0, inFlight, work);
}

async function repeat(
  goesOn: () => boolean,
  inFlight: number,
  work: () => Promise<void>,
): Promise<Throughput> {
  const startedAt = performance.now();
  let done = 0;
  const worker = async (): Promise<void> => {
    while (goesOn()) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { done, seconds: (performance.now() - startedAt) / 1000 };
}

import type { Case } from './case.js';

/** Tries at most: a case is for reading, and each try is a run. */
const MOST_TRIES = 600;

/**
 * The same with as little as possible going on: steps and mishaps are left out, half of them at first, then ever
 * fewer, as long as the case is still broken (after Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input", 2002).
 */
export async function shrunk(found: Case, isBroken: (tried: Case) => Promise<boolean>): Promise<Case> {
  let tries = 0;
  const holds = async (tried: Case): Promise<boolean> => tries++ < MOST_TRIES && isBroken(tried);
  let smallest = found;
  for (let size = Infinity; sizeOf(smallest) < size;) {
    size = sizeOf(smallest);
    smallest = {
      ...smallest,
      mishaps: await fewest(smallest.mishaps, (some) => holds({ ...smallest, mishaps: some })),
    };
    smallest = {
      ...smallest,
      steps: await fewest(smallest.steps, (some) => holds({ ...smallest, steps: some })),
    };
  }
  return smallest;
}

const sizeOf = ({ steps, mishaps }: Case): number => steps.length + mishaps.length;

async function fewest<Item>(
  items: readonly Item[],
  isEnough: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let kept = items;
  for (let length = Math.max(1, kept.length >> 1); length >= 1; length >>= 1) {
    for (let start = 0; start < kept.length;) {
      const without = [...kept.slice(0, start), ...kept.slice(start + length)];
      if (await isEnough(without)) kept = without;
      else start += length;
    }
  }
  return kept;
}

/** Something measured of ours and of the bare limit, one right after the other. */
export type Paired<T> = Readonly<Record<'ours' | 'bare', T>>;

/**
 * Measures so many pairs. Both take their turn at being first: what drifts does not always fall on the same one.
 * `told` hears of each pair that is complete.
 */
export async function inPairs<T>(
  count: number,
  measure: Paired<() => Promise<T>>,
  told: (pair: number) => void,
): Promise<Paired<T>[]> {
  const pairs: Paired<T>[] = [];
  for (let pair = 1; pair <= count; pair++) {
    if (pair % 2 === 1) {
      const ours = await measure.ours();
      pairs.push({ ours, bare: await measure.bare() });
    } else {
      const bare = await measure.bare();
      pairs.push({ ours: await measure.ours(), bare });
    }
    told(pair);
  }
  return pairs;
}

/** One figure of each: for the ratios. */
export const figuresOf = <T>(pairs: readonly Paired<T>[], figureOf: (value: T) => number): Paired<number>[] =>
  pairs.map(({ ours, bare }) => ({ ours: figureOf(ours), bare: figureOf(bare) }));

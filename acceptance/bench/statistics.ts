/** The smallest value that at least `p` percent of all do not exceed (nearest rank). Throws where there are none. */
export function percentile(values: readonly number[], p: number): number {
  if (p < 0 || p > 100) throw new RangeError(`${p} is no percentage`);
  const sorted = [...values].sort((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values');
  return (lower + upper) / 2;
}

/** How far measurements of the same thing lie apart. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export const spread = (values: readonly number[]): Spread => ({
  min: Math.min(...values),
  median: median(values),
  max: Math.max(...values),
});

/** One measurement of ours and one of the bare limit, taken one right after the other. */
export interface Pair {
  readonly ours: number;
  readonly bare: number;
}

/** The ratios pair by pair: what the machine did meanwhile falls on both of a pair. */
export const ratios = (pairs: readonly Pair[]): Spread => spread(pairs.map(({ ours, bare }) => ours / bare));

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  /** Change of y for one x, by least squares. */
  readonly slope: number;
  /** Standard error of the slope: measured noise makes a slope of up to twice this from nothing. */
  readonly error: number;
}

/** The straight line through the points; undefined where fewer than three, or all at one x, say nothing. */
export function lineThrough(points: readonly Point[]): Line | undefined {
  const mean = (of: (point: Point) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const sum = (of: (dx: number, dy: number) => number) =>
    points.reduce((total, { x, y }) => total + of(x - meanX, y - meanY), 0);
  const xx = sum((dx) => dx * dx);
  if (points.length < 3 || xx === 0) return undefined;
  const slope = sum((dx, dy) => dx * dy) / xx;
  const residual = sum((dx, dy) => (dy - slope * dx) ** 2);
  return { slope, error: Math.sqrt(residual / (points.length - 2) / xx) };
}

/** The line through the second half of the points, as they come: in the first half, heaps grow to work. */
export const lineOfSecondHalf = (points: readonly Point[]): Line | undefined =>
  lineThrough(points.slice(points.length / 2));

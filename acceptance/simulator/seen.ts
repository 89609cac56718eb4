/** How often something happened, by what it was. */
export type Counts = Record<string, number>;

/** What runs have come by: which mishaps, as `append: answer lost`, and which types of events. */
export interface Seen {
  readonly mishaps: Counts;
  readonly events: Counts;
}

/** The name of a mishap without what it happened to: `append process 1 2: answer lost` is an `append: answer lost`. */
export const kindOf = (mishap: string): string =>
  `${mishap.slice(0, mishap.indexOf(' '))}${mishap.slice(mishap.lastIndexOf(': '))}`;

export function count(counts: Counts, names: readonly string[]): void {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
}

export const together = (one: Seen, other: Seen): Seen => ({
  mishaps: sums(one.mishaps, other.mishaps),
  events: sums(one.events, other.events),
});

function sums(one: Counts, other: Counts): Counts {
  const sum = { ...one };
  for (const [name, times] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + times;
  return sum;
}

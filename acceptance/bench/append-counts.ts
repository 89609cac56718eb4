/** Appends by `category/outcome`, e.g. `stock/conflict`, as processes count them in their metrics. */
export type AppendCounts = Readonly<Record<string, number>>;

/** Those of one process, from its `/metrics`; none where it has made none. */
export function parseAppends(metrics: string): AppendCounts {
  const lines = metrics.matchAll(
    /^event_store_appends_total\{category="([^"]+)",outcome="([^"]+)"\} (\d+)$/gm,
  );
  return Object.fromEntries(
    [...lines].map(([, category, outcome, count]) => [`${category}/${outcome}`, Number(count)]),
  );
}

/** Those of several processes together. */
export function together(all: readonly AppendCounts[]): AppendCounts {
  const sum: Record<string, number> = {};
  for (const [name, count] of all.flatMap((counts) => Object.entries(counts)))
    sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** Those between two readings. */
export const appendsBetween = (before: AppendCounts, after: AppendCounts): AppendCounts =>
  Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));

/** All that were tried, whatever came of them: a conflict is an append as well, made in vain. */
export const tried = (counts: AppendCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** How often another wrote first; by category. */
export const conflicts = (counts: AppendCounts): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(counts).flatMap(([name, count]) => {
      const [category = '', outcome] = name.split('/');
      return outcome === 'conflict' && count > 0 ? [[category, count] as const] : [];
    }),
  );

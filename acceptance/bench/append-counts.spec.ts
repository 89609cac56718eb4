import { describe, expect, it } from '@jest/globals';
import { appendsBetween, conflicts, parseAppends, together, tried } from './append-counts.js';

const metrics = `# HELP event_store_appends_total Appends to the event store by the kind of stream and what came of them.
# TYPE event_store_appends_total counter
event_store_appends_total{category="stock",outcome="appended"} 12
event_store_appends_total{category="stock",outcome="conflict"} 3
event_store_appends_total{category="order",outcome="appended"} 7
other_total{category="stock",outcome="appended"} 99
`;
const counts = { 'stock/appended': 12, 'stock/conflict': 3, 'order/appended': 7 };

describe('appends', () => {
  it('are read from what a process tells of itself, and nothing else is', () => {
    expect(parseAppends(metrics)).toEqual(counts);
    expect(parseAppends('# nothing was appended\n')).toEqual({});
  });

  it('of several processes are added up', () => {
    expect(together([counts, {}, { 'order/appended': 1, 'order/failed': 2 }])).toEqual({
      ...counts,
      'order/appended': 8,
      'order/failed': 2,
    });
  });

  it('between two readings are those that came since, of kinds that were not there before, too', () => {
    expect(appendsBetween({ 'order/appended': 5, 'stock/appended': 12 }, counts)).toEqual({
      'order/appended': 2,
      'stock/appended': 0,
      'stock/conflict': 3,
    });
  });

  it('that were tried are all of them', () => expect(tried(counts)).toBe(22));

  it('that were conflicts are told by the kind of stream', () => {
    expect(conflicts({ ...counts, 'order/conflict': 0 })).toEqual(new Map([['stock', 3]]));
  });
});

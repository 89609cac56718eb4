import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { stockStream } from '../contracts/ids.js';
import { freshSku } from '../testing/event-stores.js';
import { AppendMetrics } from './append.metrics.js';

it('appends are counted by the kind of stream and what came of them, whichever stream of that kind it was', async () => {
  const registry = new Registry();
  const { ended } = new AppendMetrics(registry);
  ended(stockStream(freshSku()), 'appended');
  ended(stockStream(freshSku()), 'appended');
  ended(stockStream(freshSku()), 'conflict');
  ended('orderProcess-1', 'failed');
  expect((await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'))).toEqual([
    'event_store_appends_total{category="stock",outcome="appended"} 2',
    'event_store_appends_total{category="stock",outcome="conflict"} 1',
    'event_store_appends_total{category="orderProcess",outcome="failed"} 1',
    '',
  ]);
});

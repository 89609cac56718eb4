import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { silent } from '@orders/shared-events/testing/logger.js';
import { until } from '@orders/shared-events/testing/until.js';
import { PaymentMetrics } from './payment.metrics.js';
import { type ProviderOutcome, ProviderUnavailable } from './provider.js';
import { watched } from './watched-provider.js';

const KEY = 'payment-1:charge:1';

it('the log says once that the provider is away, however often it is tried, and once that it is back', async () => {
  let isThere = true;
  const answer = (): Promise<ProviderOutcome> =>
    isThere ? Promise.resolve({ kind: 'unknown' }) : Promise.reject(new ProviderUnavailable('gone'));
  const payments = { authorize: answer, charge: answer, capture: answer, void: answer, refund: answer };
  const lines: unknown[] = [];
  const keep = (level: string) => (_fields: unknown, text?: unknown) => void lines.push([level, text]);
  const logger = { ...silent, info: keep('info'), warn: keep('warn') };
  const registry = new Registry();
  const settings = { timeoutMs: 5_000, window: 8, failurePercent: 50, halfOpenAfterMs: 20 };
  const guard = watched({ ...payments, find: answer }, settings, new PaymentMetrics(registry), logger);
  const fate = () =>
    guard.find(KEY).then(
      () => 'answered',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
  const breakerIs = async (state: string): Promise<boolean> =>
    (await registry.metrics()).includes(`circuit_breaker_state{state="${state}"} 1`);

  expect(await fate()).toBe('answered');
  expect(lines).toEqual([]);

  isThere = false;
  await until(async () => (await fate()) === 'the circuit breaker is open');
  const away = ['warn', 'the payment provider is away: payments are deferred'];
  expect(lines).toEqual([away]);
  expect(await breakerIs('open')).toBe(true);

  await until(async () => (await fate()) === 'gone');
  expect(lines).toEqual([away]);

  isThere = true;
  await until(async () => (await fate()) === 'answered');
  expect(lines).toEqual([away, ['info', 'the payment provider is back']]);
  expect(await breakerIs('closed')).toBe(true);
});

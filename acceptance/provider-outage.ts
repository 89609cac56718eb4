import { authorizationAt } from './client.js';

/** An outage of the simulated payment provider, through the admin API. */
export async function setOutage(admin: string, kind: 'NONE' | 'UNREACHABLE' | 'SILENT'): Promise<void> {
  const response = await fetch(`${admin}/provider/outage`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...authorizationAt(admin) },
    body: JSON.stringify({ kind, seconds: 3_600 }),
  });
  if (!response.ok) throw new Error(`outage: ${response.status} ${await response.text()}`);
}

/** What the command side tells of the circuit breaker around its payment provider: in health and in metrics. */
export async function breakerOf(commands: string): Promise<{
  readonly ready: number;
  readonly health: Readonly<Record<string, string>> | undefined;
  readonly metric: string | undefined;
}> {
  const health = await fetch(new URL('/health/ready', commands));
  const { details } = (await health.json()) as { details?: Record<string, Record<string, string>> };
  const metrics = await (await fetch(new URL('/metrics', commands))).text();
  const [, state] = /^payment_provider_circuit_breaker_state\{state="(\w+)"\} 1$/m.exec(metrics) ?? [];
  return { ready: health.status, health: details?.['paymentProvider'], metric: state };
}

import type { Pool } from 'pg';
import { z } from 'zod';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { backoff, sleep } from '@orders/shared-events/transport/waiting.js';
import { SIGNATURE_HEADER, signatureOf } from './webhook-signature.js';

/** How often it is looked whether anything is due, unless there is news. */
const LOOK_MS = 1_000;
/** How long somebody may take to accept a webhook, and how long nobody else sends it. */
const ANSWER_MS = 5_000;
const LEASE_MS = 30_000;
const MOST_AT_ONCE = 16;
/** From a quarter of a second to five minutes between two attempts: over two hours in all. */
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 300_000;
const MOST_ATTEMPTS = 40;
/** How long after its time something ends that nobody has asked about. */
const GRACE_MS = 60_000;

const Due = z.object({
  /** In decimal. */
  seq: z.string(),
  event_id: z.string(),
  key: z.string(),
  order_id: z.string(),
  outcome: z.unknown(),
  attempts: z.number(),
});
type Due = z.infer<typeof Due>;

export interface WebhookTarget {
  readonly url: () => Promise<string>;
  /** Each signs: either side may change its secret first. */
  readonly secrets: readonly string[];
}

/**
 * The simulated provider's webhooks: what its books say is to be told is sent, signed, until it is accepted. At least
 * once: it is sent again after an answer that got lost, and by whoever comes after a process that ended.
 */
export class SimulatedWebhooks {
  readonly #stopped = new AbortController();
  #hasNews = false;
  #idle = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly target: WebhookTarget,
    private readonly logger: LogSink,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  /** There is something new to tell. */
  wake(): void {
    this.#hasNews = true;
    this.#idle.abort();
  }

  /** Resolves when what was being sent has been answered, or has taken too long. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#idle.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const url = await this.#whenThereIsSomewhere();
    for (let failures = 0; !this.#stopped.signal.aborted;) {
      this.#hasNews = false;
      try {
        const due = await this.#takeDue();
        await Promise.all(due.map((webhook) => this.#send(url, webhook)));
        failures = 0;
        if (due.length === 0) await this.#pause(LOOK_MS);
      } catch (error) {
        if (failures++ === 0) this.logger.warn({ why: oneLine(error) }, 'webhooks cannot be sent for now');
        await this.#pause(backoff(failures, LOOK_MS));
      }
    }
  }

  /** Also ends where this is stopped before. */
  #whenThereIsSomewhere(): Promise<string> {
    const stopped = new Promise<string>((resolve) => {
      this.#stopped.signal.addEventListener('abort', () => resolve(''), { once: true });
    });
    return Promise.race([this.target.url(), stopped]);
  }

  async #pause(ms: number): Promise<void> {
    this.#idle = new AbortController();
    if (!this.#stopped.signal.aborted && !this.#hasNews) await sleep(ms, this.#idle.signal);
  }

  async #takeDue(): Promise<readonly Due[]> {
    const { rows } = await this.pool.query({
      name: 'simulated_provider_take_due',
      text: 'SELECT seq, event_id, key, order_id, outcome, attempts FROM simulated_provider.take_due($1, $2, $3)',
      values: [GRACE_MS, LEASE_MS, MOST_AT_ONCE],
    });
    return z.array(Due).parse(rows);
  }

  async #send(url: string, webhook: Due): Promise<void> {
    const refused = await this.#post(url, webhook);
    if (refused === undefined) return this.#forget(webhook);
    const { event_id: eventId, attempts } = webhook;
    if (attempts < MOST_ATTEMPTS) return this.#postpone(webhook);
    this.logger.warn({ eventId, attempts, why: refused }, 'a webhook was given up');
    await this.#forget(webhook);
  }

  /** Why it was not accepted; undefined where it was. */
  async #post(
    url: string,
    { event_id: id, key, order_id: orderId, outcome }: Due,
  ): Promise<string | undefined> {
    const body = JSON.stringify({ id, key, orderId, outcome });
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          [SIGNATURE_HEADER]: signatureOf(body, this.target.secrets, Date.now() / 1_000),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `HTTP ${response.status}`;
    } catch (error) {
      return oneLine(error);
    }
  }

  async #forget({ seq }: Due): Promise<void> {
    const text = 'DELETE FROM simulated_provider.webhooks WHERE seq = $1';
    await this.pool.query({ name: 'simulated_provider_told', text, values: [seq] });
  }

  async #postpone({ seq, attempts }: Due): Promise<void> {
    await this.pool.query({
      name: 'simulated_provider_postpone',
      text: `UPDATE simulated_provider.webhooks SET due_at = now() + $2 * interval '1 ms' WHERE seq = $1`,
      values: [seq, backoff(attempts - 1, FIRST_PAUSE_MS, MOST_PAUSE_MS)],
    });
  }
}

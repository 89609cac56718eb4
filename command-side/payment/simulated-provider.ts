import { readFileSync } from 'node:fs';
import type { Pool, QueryConfig } from 'pg';
import { z } from 'zod';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { ProviderCall } from './owed-calls.js';
import type { PaymentProvider, ProviderOutcome } from './provider.js';
import { rowsOf } from './simulated-ledger.js';
import { type Behaviour, behaviourOf, planOf } from './test-tokens.js';

const SCHEMA = readFileSync(new URL('./simulated-provider.sql', import.meta.url), 'utf8');
/** Any number will do, as long as it stays: instances that start together create the schema one after the other. */
const SCHEMA_LOCK = 730_119_002;
const SLOW_MS = 1_500;
/** How long an answer waits for the webhook that is to come before it, and how often it looks. */
const WEBHOOK_FIRST_MS = 5_000;
const LOOK_MS = 20;

const Entry = z.object({
  outcome: z.enum(['succeeded', 'failed', 'lost', 'action_required', 'expired']),
  code: z.string().nullable(),
  /** Of what took effect; of a void that came too late, that of the capture. */
  reference: z.string().nullable(),
  calls: z.number(),
  actionToken: z.string().nullable(),
  actionExpiresAt: z.date().nullable(),
});
type Entry = z.infer<typeof Entry>;
const ENTRY = `
  l.outcome, l.code, l.reference, l.calls, l.action_token AS "actionToken",
  l.action_expires_at AS "actionExpiresAt"`;

/** What of the provider is not in its books. */
export interface ProviderSurroundings {
  /** Where the customer finds the page with this token. */
  readonly actionUrl: (token: string) => Promise<string>;
  /** There is something to be told by webhook. */
  readonly onNews: () => void;
}

/**
 * A payment provider for development and tests, with books of its own in Postgres, so that double charges can be
 * counted. It behaves as the payment method says; see testTokens. An outage can be switched on and off in its schema.
 */
export class SimulatedProvider implements PaymentProvider {
  constructor(
    private readonly pool: Pool,
    private readonly surroundings: ProviderSurroundings,
  ) {}

  /** Creates what is missing of its schema; several processes may do so at once. */
  async start(): Promise<void> {
    // Several statements in one message are one transaction.
    await this.pool.query(`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK}); ${SCHEMA}`);
  }

  authorize = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  charge = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  capture = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  void = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  refund = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);

  /** Knows nothing of a call that is told by webhook in place of its answer, until it was told. */
  async find(key: string): Promise<ProviderOutcome | undefined> {
    const entry = await this.#entry({
      name: 'simulated_provider_find',
      text: `SELECT ${ENTRY} FROM simulated_provider.find($1) l
             WHERE l.outcome <> 'lost'
               AND NOT EXISTS (SELECT FROM simulated_provider.webhooks w WHERE w.key = l.key AND w.instead)`,
      values: [key],
    });
    return entry && this.#outcomeOf(entry);
  }

  async #perform(call: ProviderCall): Promise<ProviderOutcome> {
    const behaviour = behaviourOf(call);
    const entry = await this.#entry({
      name: 'simulated_provider_call',
      text: `SELECT ${ENTRY} FROM simulated_provider.call($1, $2, $3, $4, $5, $6, $7, $8, $9) l`,
      values: [
        call.key,
        call.authorizationKey,
        call.paymentId,
        call.orderId,
        call.operation,
        call.amount,
        call.currency,
        call.paymentMethod,
        JSON.stringify(planOf(behaviour)),
      ],
    });
    if (!entry) throw new Error(`the ledger did not answer for ${call.key}`);
    return this.#answer(call, entry, behaviour);
  }

  async #answer({ key }: ProviderCall, entry: Entry, behaviour: Behaviour): Promise<ProviderOutcome> {
    if (entry.outcome === 'lost') return { kind: 'unknown' };
    if (behaviour.kind === 'notifies') this.surroundings.onNews();
    if (behaviour.kind === 'notifies' && behaviour.how === 'only')
      return (await this.find(key)) ?? { kind: 'unknown' };
    const isFirst = entry.calls === 1;
    if (isFirst && behaviour.kind === 'times out') return { kind: 'unknown' };
    if (isFirst && behaviour.kind === 'is slow') await sleep(SLOW_MS);
    if (isFirst && behaviour.kind === 'notifies' && behaviour.how === 'first') await this.#untilTold(key);
    return this.#outcomeOf(entry);
  }

  /** Or until it has taken too long: nobody may be there to be told. */
  async #untilTold(key: string): Promise<void> {
    const text = 'SELECT FROM simulated_provider.webhooks WHERE key = $1';
    const untold = { name: 'simulated_provider_untold', text, values: [key] };
    const deadline = Date.now() + WEBHOOK_FIRST_MS;
    while (Date.now() < deadline && (await rowsOf(this.pool, untold)).length > 0) await sleep(LOOK_MS);
  }

  async #outcomeOf({
    outcome,
    code,
    reference,
    actionToken,
    actionExpiresAt,
  }: Entry): Promise<ProviderOutcome> {
    if (outcome === 'action_required' && actionToken !== null && actionExpiresAt !== null) {
      const url = await this.surroundings.actionUrl(actionToken);
      return { kind: 'action-required', url, expiresAt: actionExpiresAt.toISOString() };
    }
    if (outcome === 'expired') return { kind: 'expired' };
    if (reference !== null)
      return { kind: outcome === 'succeeded' ? 'succeeded' : 'already-captured', reference };
    return { kind: 'failed', code: code ?? 'unknown' };
  }

  async #entry(query: QueryConfig): Promise<Entry | undefined> {
    const [row] = await rowsOf(this.pool, query);
    return row === undefined ? undefined : Entry.parse(row);
  }
}

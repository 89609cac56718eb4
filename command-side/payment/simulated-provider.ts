import { readFileSync } from 'node:fs';
import type { Pool, QueryConfig } from 'pg';
import { z } from 'zod';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { ProviderCall } from './owed-calls.js';
import { type PaymentProvider, type ProviderOutcome, ProviderUnavailable } from './provider.js';
import { type Behaviour, behaviourOf } from './test-tokens.js';

const SCHEMA = readFileSync(new URL('./simulated-provider.sql', import.meta.url), 'utf8');
/** Any number will do, as long as it stays: instances that start together create the schema one after the other. */
const SCHEMA_LOCK = 730_119_002;
const SLOW_MS = 1_500;

/** SQLSTATEs of a database that cannot answer now: connection exceptions, too little of something, shutdown. */
const NOT_NOW = /^(08|53|57)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

const Entry = z.object({
  outcome: z.enum(['succeeded', 'failed', 'lost']),
  code: z.string().nullable(),
  /** Of what took effect; of a void that came too late, that of the capture. */
  reference: z.string().nullable(),
  calls: z.number(),
});
type Entry = z.infer<typeof Entry>;

/**
 * A payment provider for development and tests, with books of its own in Postgres, so that double charges can be
 * counted. It behaves as the payment method says; see testTokens.
 */
export class SimulatedProvider implements PaymentProvider {
  constructor(private readonly pool: Pool) {}

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

  async find(key: string): Promise<ProviderOutcome | undefined> {
    const entry = await this.#entry({
      name: 'simulated_provider_find',
      text: 'SELECT outcome, code, reference, calls FROM simulated_provider.ledger WHERE key = $1',
      values: [key],
    });
    return entry && entry.outcome !== 'lost' ? outcomeOf(entry) : undefined;
  }

  /** Throws where the books cannot be reached. */
  async ping(): Promise<void> {
    await this.pool.query({ name: 'simulated_provider_ping', text: 'SELECT 1' });
  }

  async #perform(call: ProviderCall): Promise<ProviderOutcome> {
    const behaviour = behaviourOf(call);
    const entry = await this.#entry({
      name: 'simulated_provider_call',
      text: `SELECT outcome, code, reference, calls
             FROM simulated_provider.call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      values: [
        call.key,
        call.authorizationKey,
        call.paymentId,
        call.orderId,
        call.operation,
        call.amount,
        call.currency,
        call.paymentMethod,
        intended(behaviour),
        behaviour.kind === 'fails' ? behaviour.code : null,
      ],
    });
    if (!entry) throw new Error(`the ledger did not answer for ${call.key}`);
    return this.#answer(entry, behaviour);
  }

  async #answer(entry: Entry, behaviour: Behaviour): Promise<ProviderOutcome> {
    if (entry.outcome === 'lost') return { kind: 'unknown' };
    const isFirst = entry.calls === 1;
    if (isFirst && behaviour.kind === 'times out') return { kind: 'unknown' };
    if (isFirst && behaviour.kind === 'is slow') await sleep(SLOW_MS);
    return outcomeOf(entry);
  }

  async #entry(query: QueryConfig): Promise<Entry | undefined> {
    try {
      const { rows } = await this.pool.query(query);
      return rows.length === 0 ? undefined : Entry.parse(rows[0]);
    } catch (error) {
      if (isFault(error)) throw error;
      throw new ProviderUnavailable('the simulated provider cannot reach its books', { cause: error });
    }
  }
}

function outcomeOf({ outcome, code, reference }: Entry): ProviderOutcome {
  if (reference !== null)
    return { kind: outcome === 'succeeded' ? 'succeeded' : 'already-captured', reference };
  return { kind: 'failed', code: code ?? 'unknown' };
}

function intended(behaviour: Behaviour): Entry['outcome'] {
  switch (behaviour.kind) {
    case 'succeeds':
    case 'is slow':
      return 'succeeded';
    case 'fails':
      return 'failed';
    case 'times out':
      return behaviour.withEffect ? 'succeeded' : 'lost';
  }
}

/** A statement that the database refused, rather than a database that is not there. */
function isFault(error: unknown): boolean {
  if (error instanceof z.ZodError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SQLSTATE.test(code) && !NOT_NOW.test(code);
}

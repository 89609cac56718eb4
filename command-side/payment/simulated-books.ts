import { createHash } from 'node:crypto';
import { StorableInstant } from '@orders/shared-events/contracts/instants.js';
import { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { Pool } from 'pg';
import { z } from 'zod';
import { callOf } from './owed-calls.js';
import type { ChangedEntries, ProviderBooks, ProviderEntry, ProviderOutcome } from './provider.js';
import { rowsOf } from './simulated-ledger.js';

const Row = z.object({
  key: z.string(),
  paymentId: PaymentId,
  orderId: OrderId,
  operation: ProviderOperation,
  amount: z.number(),
  currency: z.string(),
  outcome: z.enum(['succeeded', 'failed', 'expired']),
  code: z.string().nullable(),
  reference: z.string().nullable(),
  ageMs: z.number(),
  changedAt: z.string(),
});
type Row = z.infer<typeof Row>;

const COLUMNS = `
  l.key, l.payment_id AS "paymentId", l.order_id AS "orderId", l.operation, l.amount::float8 AS amount, l.currency,
  l.outcome, l.code, l.reference, (extract(epoch FROM now() - l.changed_at) * 1000)::float8 AS "ageMs",
  to_char(l.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "changedAt"`;
/** Not what never arrived, waits for the customer, or is to be told by webhook first. */
const TOLD = `
  l.outcome NOT IN ('lost', 'action_required')
  AND NOT EXISTS (SELECT FROM simulated_provider.webhooks w WHERE w.key = l.key AND w.instead)`;

const REACHABLE = { name: 'simulated_provider_reachable', text: 'SELECT simulated_provider.be_reachable()' };
const LIST = {
  name: 'simulated_provider_list',
  text: `SELECT ${COLUMNS} FROM simulated_provider.ledger l WHERE l.payment_id = ANY($1::uuid[]) AND ${TOLD}`,
};
const CHANGES = {
  name: 'simulated_provider_changes',
  text: `
    SELECT ${COLUMNS} FROM simulated_provider.ledger l
    WHERE (l.changed_at, l.key) > ($1::timestamptz, $2) AND ${TOLD}
      AND l.changed_at <= now() - $3::float8 * interval '1 millisecond'
    ORDER BY l.changed_at, l.key LIMIT $4`,
};

/** When the last entry before had changed, and its key. */
const Cursor = z.tuple([StorableInstant, z.string()]);
const BEGINNING: z.infer<typeof Cursor> = ['0001-01-01T00:00:00.000000Z', ''];

/** What the simulated provider tells of its books. */
export class SimulatedBooks implements ProviderBooks {
  constructor(private readonly ledger: Pool) {}

  async list(paymentIds: readonly PaymentId[]): Promise<readonly ProviderEntry[]> {
    await rowsOf(this.ledger, REACHABLE);
    const rows = await rowsOf(this.ledger, { ...LIST, values: [paymentIds] });
    return rows.map((row) => entryOf(Row.parse(row)));
  }

  async changes(
    cursor: string | undefined,
    minAgeMs: number,
    limit: number,
  ): Promise<ChangedEntries | undefined> {
    await rowsOf(this.ledger, REACHABLE);
    const behind = cursor === undefined ? BEGINNING : Cursor.parse(JSON.parse(cursor));
    const rows = await rowsOf(this.ledger, { ...CHANGES, values: [...behind, minAgeMs, limit] });
    const entries = rows.map((row) => Row.parse(row));
    const last = entries.at(-1);
    return last && { entries: entries.map(entryOf), cursor: JSON.stringify([last.changedAt, last.key]) };
  }
}

function entryOf(row: Row): ProviderEntry {
  const { paymentId, orderId, amount, currency, ageMs } = row;
  return { paymentId, orderId, amount, currency, ageMs, outcome: outcomeOf(row), ...callIn(row) };
}

/** Whoever writes into the books by hand may give a key that is none of ours. */
function callIn({
  key,
  operation,
  reference,
}: Row): Pick<ProviderEntry, 'operation' | 'attempt' | 'refundId'> {
  const named = callOf(key);
  if (named) {
    const { attempt, refundId } = named;
    return { operation, attempt, ...(refundId === undefined ? {} : { refundId }) };
  }
  if (operation !== 'refund') return { operation, attempt: 1 };
  const refundId = createHash('md5')
    .update(reference ?? key)
    .digest('hex');
  return { operation, attempt: 1, refundId };
}

function outcomeOf({ outcome, code, reference }: Row): ProviderOutcome {
  if (outcome === 'expired') return { kind: 'expired' };
  if (outcome === 'succeeded') return { kind: 'succeeded', reference: reference ?? 'none' };
  return reference === null
    ? { kind: 'failed', code: code ?? 'unknown' }
    : { kind: 'already-captured', reference };
}

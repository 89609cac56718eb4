import type { Pool } from 'pg';
import { z } from 'zod';

const Action = z.object({
  paymentId: z.string(),
  orderId: z.string(),
  /** Minor units. */
  amount: z.number(),
  currency: z.string(),
  expiresAt: z.date(),
  /** `late`: nobody has decided, and the time for it is over. */
  standing: z.enum(['open', 'late', 'approved', 'refused', 'declined', 'closed']),
});
/** What the provider wants of a customer before a payment can go on, and how that stands. */
export type Action = z.infer<typeof Action>;

/** `declined` is the customer's word, `refused` their bank's; `closed` the shop's, which waits no more. */
const COLUMNS = `
  l.payment_id AS "paymentId", l.order_id AS "orderId", l.amount::float8 AS amount, l.currency,
  l.action_expires_at AS "expiresAt",
  CASE
    WHEN l.outcome = 'action_required' AND l.action_expires_at > now() THEN 'open'
    WHEN l.outcome = 'action_required' OR l.code = 'action_expired' THEN 'late'
    WHEN l.outcome = 'succeeded' THEN 'approved'
    WHEN l.code = 'authentication_failed' THEN 'declined'
    WHEN l.code = 'authorization_voided' THEN 'closed'
    ELSE 'refused'
  END AS standing`;

/** The customers' side of the simulated provider. */
export class SimulatedActions {
  constructor(
    private readonly pool: Pool,
    private readonly onNews: () => void,
  ) {}

  /** Undefined where there is none with this token. */
  async find(token: string): Promise<Action | undefined> {
    const text = `SELECT ${COLUMNS} FROM simulated_provider.ledger l WHERE l.action_token = $1`;
    return this.#action({ name: 'simulated_provider_action', text, values: [token] });
  }

  /** The first decision counts, and only in time. Answers with how it stands after that. */
  async decide(token: string, decision: 'approve' | 'decline'): Promise<Action | undefined> {
    const text = `SELECT ${COLUMNS} FROM simulated_provider.decide($1, $2) l`;
    const values = [token, decision === 'approve'];
    const action = await this.#action({ name: 'simulated_provider_decide', text, values });
    this.onNews();
    return action;
  }

  async #action(query: { name: string; text: string; values: unknown[] }): Promise<Action | undefined> {
    const { rows } = await this.pool.query(query);
    return rows.length === 0 ? undefined : Action.parse(rows[0]);
  }
}

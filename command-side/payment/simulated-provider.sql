-- The simulated payment provider's own books. Nothing but the provider writes here; the admin API reads `ledger`.
--
-- One row for each idempotency key. `outcome`:
--   succeeded  it took effect (effects = 1)
--   failed     it definitively did not, and never will under this key
--   lost       the call never arrived (a timeout without effect): the next one under this key decides

CREATE SCHEMA IF NOT EXISTS simulated_provider;

CREATE TABLE IF NOT EXISTS simulated_provider.ledger (
  key text PRIMARY KEY,
  payment_id uuid NOT NULL,
  order_id uuid NOT NULL,
  operation text NOT NULL CHECK (operation IN ('authorize', 'charge', 'capture', 'void', 'refund')),
  amount bigint NOT NULL,
  currency text NOT NULL,
  payment_method text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'lost')),
  code text,
  reference text,
  -- How often money was held, taken or given back by this row.
  effects integer NOT NULL,
  -- How often the key was sent.
  calls integer NOT NULL,
  first_called_at timestamptz NOT NULL DEFAULT now(),
  last_called_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ledger_by_payment ON simulated_provider.ledger (payment_id);
CREATE INDEX IF NOT EXISTS ledger_by_order ON simulated_provider.ledger (order_id);

-- What stands in the way of an operation, by what this payment's rows say; null where nothing does.
CREATE OR REPLACE FUNCTION simulated_provider.obstacle(
  p_payment_id uuid, p_authorization_key text, p_operation text, p_amount bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  held boolean;
  voided boolean;
  captured bigint;
  refunded bigint;
BEGIN
  IF p_operation IN ('authorize', 'charge') THEN
    RETURN NULL;
  END IF;
  SELECT
    coalesce(bool_or(l.key = p_authorization_key), false),
    coalesce(bool_or(l.operation = 'void'), false),
    coalesce(sum(l.amount) FILTER (WHERE l.operation IN ('charge', 'capture')), 0),
    coalesce(sum(l.amount) FILTER (WHERE l.operation = 'refund'), 0)
  INTO held, voided, captured, refunded
  FROM simulated_provider.ledger l
  WHERE l.payment_id = p_payment_id AND l.outcome = 'succeeded';
  RETURN CASE
    WHEN p_operation = 'void' AND captured > 0 THEN 'already_captured'
    WHEN p_operation = 'capture' AND NOT held THEN 'not_authorized'
    WHEN p_operation = 'capture' AND voided THEN 'authorization_voided'
    WHEN p_operation = 'capture' AND captured > 0 THEN 'already_captured'
    WHEN p_operation = 'refund' AND refunded + p_amount > captured THEN 'refund_exceeds_captured'
  END;
END $$;

-- One call. The first one under a key decides; every later one hears the same, and only counts. A payment's calls
-- are taken one at a time.
CREATE OR REPLACE FUNCTION simulated_provider.call(
  p_key text, p_authorization_key text, p_payment_id uuid, p_order_id uuid, p_operation text, p_amount bigint,
  p_currency text, p_payment_method text, p_outcome text, p_code text
) RETURNS simulated_provider.ledger LANGUAGE plpgsql AS $$
DECLARE
  entry simulated_provider.ledger;
  obstacle text;
  reference text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_payment_id::text, 0));
  UPDATE simulated_provider.ledger l SET calls = l.calls + 1, last_called_at = now()
  WHERE l.key = p_key AND l.outcome <> 'lost'
  RETURNING * INTO entry;
  IF FOUND THEN
    RETURN entry;
  END IF;

  -- A call is lost once: the next one arrives.
  IF p_outcome = 'lost' AND EXISTS (SELECT FROM simulated_provider.ledger l WHERE l.key = p_key) THEN
    p_outcome := 'succeeded';
  END IF;

  obstacle := simulated_provider.obstacle(p_payment_id, p_authorization_key, p_operation, p_amount);
  IF obstacle IS NOT NULL AND p_outcome <> 'lost' THEN
    p_outcome := 'failed';
    p_code := obstacle;
  END IF;

  IF p_outcome = 'succeeded' THEN
    reference := 'sim_' || left(md5(p_key), 24);
  ELSIF p_operation = 'void' AND p_code = 'already_captured' THEN
    SELECT l.reference INTO reference FROM simulated_provider.ledger l
    WHERE l.payment_id = p_payment_id AND l.operation IN ('charge', 'capture') AND l.outcome = 'succeeded';
  END IF;

  -- A void is the last word on its authorisation, also on one that has not arrived yet. The second part of a key
  -- names its operation.
  IF p_operation = 'void' AND p_outcome = 'succeeded' THEN
    INSERT INTO simulated_provider.ledger AS l (
      key, payment_id, order_id, operation, amount, currency, payment_method, outcome, code, effects, calls
    ) VALUES (
      p_authorization_key, p_payment_id, p_order_id, split_part(p_authorization_key, ':', 2), p_amount, p_currency,
      p_payment_method, 'failed', 'authorization_voided', 0, 0
    )
    ON CONFLICT (key) DO UPDATE SET outcome = 'failed', code = 'authorization_voided' WHERE l.outcome = 'lost';
  END IF;

  INSERT INTO simulated_provider.ledger AS l (
    key, payment_id, order_id, operation, amount, currency, payment_method, outcome, code, reference, effects, calls
  ) VALUES (
    p_key, p_payment_id, p_order_id, p_operation, p_amount, p_currency, p_payment_method, p_outcome, p_code,
    reference, CASE WHEN p_outcome = 'succeeded' THEN 1 ELSE 0 END, 1
  )
  ON CONFLICT (key) DO UPDATE SET
    outcome = excluded.outcome, code = excluded.code, reference = excluded.reference, effects = excluded.effects,
    calls = l.calls + 1, last_called_at = now()
  RETURNING * INTO entry;
  RETURN entry;
END $$;

-- The simulated payment provider's own books. Nothing but the provider writes here; the admin API reads `ledger`, and
-- switches an outage on and off through `set_outage`.
--
-- One row for each idempotency key. `outcome`:
--   succeeded        it took effect (effects = 1)
--   failed           it definitively did not, and never will under this key
--   lost             the call never arrived (a timeout without effect): the next one under this key decides
--   action_required  the customer has to act first: what they say decides, or a void, or nobody in time
--   expired          of an authorisation: it was not captured in time; of a capture: it came after that

CREATE SCHEMA IF NOT EXISTS simulated_provider;

CREATE TABLE IF NOT EXISTS simulated_provider.ledger (
  key text PRIMARY KEY,
  payment_id uuid NOT NULL,
  order_id uuid NOT NULL,
  operation text NOT NULL CHECK (operation IN ('authorize', 'charge', 'capture', 'void', 'refund')),
  amount bigint NOT NULL,
  currency text NOT NULL,
  payment_method text NOT NULL,
  outcome text NOT NULL
    CONSTRAINT outcome_known CHECK (outcome IN ('succeeded', 'failed', 'lost', 'action_required', 'expired')),
  -- Why it failed. While the customer has to act: what their approval fails with; null where it succeeds.
  code text,
  reference text,
  -- How often money was held, taken or given back by this row.
  effects integer NOT NULL,
  -- How often the key was sent.
  calls integer NOT NULL,
  first_called_at timestamptz NOT NULL DEFAULT now(),
  last_called_at timestamptz NOT NULL DEFAULT now()
);
-- Books of earlier builds have neither of these, and know fewer outcomes.
ALTER TABLE simulated_provider.ledger
  DROP CONSTRAINT IF EXISTS ledger_outcome_check,
  -- Names the customer's page, which nobody else is to find.
  ADD COLUMN IF NOT EXISTS action_token uuid,
  ADD COLUMN IF NOT EXISTS action_expires_at timestamptz,
  -- Until when an authorisation holds the amount; null: for as long as anybody cares.
  ADD COLUMN IF NOT EXISTS hold_expires_at timestamptz,
  -- When the row last came to say something else, whoever wrote it: who compares books asks for what changed.
  ADD COLUMN IF NOT EXISTS changed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX IF NOT EXISTS ledger_by_change ON simulated_provider.ledger (changed_at, key);
CREATE INDEX IF NOT EXISTS ledger_by_payment ON simulated_provider.ledger (payment_id);
CREATE INDEX IF NOT EXISTS ledger_by_order ON simulated_provider.ledger (order_id);
CREATE UNIQUE INDEX IF NOT EXISTS ledger_by_action ON simulated_provider.ledger (action_token)
  WHERE action_token IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_by_end_of_action ON simulated_provider.ledger (action_expires_at)
  WHERE outcome = 'action_required';
CREATE INDEX IF NOT EXISTS ledger_by_end_of_hold ON simulated_provider.ledger (hold_expires_at)
  WHERE outcome = 'succeeded' AND hold_expires_at IS NOT NULL;

CREATE OR REPLACE FUNCTION simulated_provider.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := now();
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER ledger_change BEFORE UPDATE ON simulated_provider.ledger FOR EACH ROW
WHEN ((OLD.operation, OLD.amount, OLD.currency, OLD.outcome, OLD.code, OLD.reference)
  IS DISTINCT FROM (NEW.operation, NEW.amount, NEW.currency, NEW.outcome, NEW.code, NEW.reference))
EXECUTE FUNCTION simulated_provider.note_change();

-- What is still to be told by webhook. A row is written with what it tells, and goes once it was taken or given up.
CREATE TABLE IF NOT EXISTS simulated_provider.webhooks (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Under which it is told, each time.
  event_id text NOT NULL,
  key text NOT NULL,
  order_id uuid NOT NULL,
  outcome jsonb NOT NULL,
  -- The answer to the call itself does not come: this is told in its place.
  instead boolean NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS webhooks_by_due ON simulated_provider.webhooks (due_at);
CREATE INDEX IF NOT EXISTS webhooks_by_key ON simulated_provider.webhooks (key);

-- A payment is dealt with by one transaction at a time.
CREATE OR REPLACE FUNCTION simulated_provider.lock_key(p_payment_id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended(p_payment_id::text, 0) $$;

CREATE OR REPLACE FUNCTION simulated_provider.reference_of(p_key text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT 'sim_' || left(md5(p_key), 24) $$;

-- Has the row's outcome told, so many times under one id.
CREATE OR REPLACE FUNCTION simulated_provider.tell(
  p_entry simulated_provider.ledger, p_times integer, p_delay_ms integer, p_instead boolean
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO simulated_provider.webhooks (event_id, key, order_id, outcome, instead, due_at)
  SELECT
    'evt_' || left(md5(p_entry.key || ':' || p_entry.outcome), 24),
    p_entry.key,
    p_entry.order_id,
    CASE p_entry.outcome
      WHEN 'succeeded' THEN jsonb_build_object('kind', 'succeeded', 'reference', p_entry.reference)
      WHEN 'failed' THEN jsonb_build_object('kind', 'failed', 'code', p_entry.code)
      WHEN 'expired' THEN jsonb_build_object('kind', 'expired')
    END,
    p_instead,
    now() + p_delay_ms * interval '1 ms'
  FROM generate_series(1, p_times)
$$;

-- An authorisation whose time is over holds nothing any more.
CREATE OR REPLACE FUNCTION simulated_provider.end_hold(p_key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  entry simulated_provider.ledger;
BEGIN
  UPDATE simulated_provider.ledger l SET outcome = 'expired', hold_expires_at = NULL
  WHERE l.key = p_key AND l.outcome = 'succeeded' AND l.hold_expires_at <= now()
  RETURNING * INTO entry;
  IF FOUND THEN
    PERFORM simulated_provider.tell(entry, 1, 0, false);
  END IF;
END $$;

-- An action that nobody took in time has failed.
CREATE OR REPLACE FUNCTION simulated_provider.end_action(p_key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  entry simulated_provider.ledger;
BEGIN
  UPDATE simulated_provider.ledger l SET outcome = 'failed', code = 'action_expired'
  WHERE l.key = p_key AND l.outcome = 'action_required' AND l.action_expires_at <= now()
  RETURNING * INTO entry;
  IF FOUND THEN
    PERFORM simulated_provider.tell(entry, 1, 0, false);
  END IF;
END $$;

-- An outage for trying out what one does to orders. At most one row; once its time is over there is none.
--   UNREACHABLE  no call arrives, and whoever calls is told so at once
--   SILENT       no call arrives, and nobody is told anything
CREATE TABLE IF NOT EXISTS simulated_provider.outage (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  kind text NOT NULL CHECK (kind IN ('UNREACHABLE', 'SILENT')),
  until timestamptz NOT NULL
);

-- The outage that there is now: no row where there is none.
CREATE OR REPLACE FUNCTION simulated_provider.current_outage() RETURNS SETOF simulated_provider.outage
LANGUAGE sql STABLE AS $$
  SELECT * FROM simulated_provider.outage WHERE until > now()
$$;

-- Null ends it.
CREATE OR REPLACE FUNCTION simulated_provider.set_outage(p_kind text, p_seconds integer) RETURNS void
LANGUAGE sql AS $$
  DELETE FROM simulated_provider.outage WHERE p_kind IS NULL;
  INSERT INTO simulated_provider.outage (kind, until)
  SELECT p_kind, now() + p_seconds * interval '1 second' WHERE p_kind IS NOT NULL
  ON CONFLICT (is_only) DO UPDATE SET kind = excluded.kind, until = excluded.until;
$$;

-- Says "not now" (SQLSTATE 57P03) during an outage, with its kind as the detail.
CREATE OR REPLACE FUNCTION simulated_provider.be_reachable() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  outage simulated_provider.outage;
BEGIN
  SELECT * INTO outage FROM simulated_provider.current_outage();
  IF FOUND THEN
    RAISE EXCEPTION 'simulated outage' USING ERRCODE = 'cannot_connect_now', DETAIL = outage.kind;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION simulated_provider.find(p_key text) RETURNS SETOF simulated_provider.ledger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM simulated_provider.be_reachable();
  RETURN QUERY SELECT * FROM simulated_provider.ledger l WHERE l.key = p_key;
END $$;

-- What stands in the way of an operation, by what this payment's rows say; null where nothing does.
CREATE OR REPLACE FUNCTION simulated_provider.obstacle(
  p_payment_id uuid, p_authorization_key text, p_operation text, p_amount bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  held boolean;
  expired boolean;
  voided boolean;
  captured bigint;
  refunded bigint;
BEGIN
  IF p_operation IN ('authorize', 'charge') THEN
    RETURN NULL;
  END IF;
  SELECT
    coalesce(bool_or(l.outcome = 'succeeded' AND l.key = p_authorization_key), false),
    coalesce(bool_or(l.outcome = 'expired' AND l.key = p_authorization_key), false),
    coalesce(bool_or(l.outcome = 'succeeded' AND l.operation = 'void'), false),
    coalesce(sum(l.amount) FILTER (WHERE l.outcome = 'succeeded' AND l.operation IN ('charge', 'capture')), 0),
    coalesce(sum(l.amount) FILTER (WHERE l.outcome = 'succeeded' AND l.operation = 'refund'), 0)
  INTO held, expired, voided, captured, refunded
  FROM simulated_provider.ledger l
  WHERE l.payment_id = p_payment_id;
  RETURN CASE
    WHEN p_operation = 'void' AND captured > 0 THEN 'already_captured'
    WHEN p_operation = 'capture' AND expired THEN 'authorization_expired'
    WHEN p_operation = 'capture' AND NOT held THEN 'not_authorized'
    WHEN p_operation = 'capture' AND voided THEN 'authorization_voided'
    WHEN p_operation = 'capture' AND captured > 0 THEN 'already_captured'
    WHEN p_operation = 'refund' AND refunded + p_amount > captured THEN 'refund_exceeds_captured'
  END;
END $$;

-- One call. The first one under a key decides; every later one hears the same, and only counts. A payment's calls
-- are taken one at a time. What is intended (p_plan): outcome, code, and where they apply actionMs, holdMs, and
-- webhook: times, delayMs, instead.
CREATE OR REPLACE FUNCTION simulated_provider.call(
  p_key text, p_authorization_key text, p_payment_id uuid, p_order_id uuid, p_operation text, p_amount bigint,
  p_currency text, p_payment_method text, p_plan jsonb
) RETURNS simulated_provider.ledger LANGUAGE plpgsql AS $$
DECLARE
  v_outcome text := p_plan ->> 'outcome';
  v_code text := p_plan ->> 'code';
  v_webhook jsonb := p_plan -> 'webhook';
  entry simulated_provider.ledger;
  obstacle text;
  reference text;
BEGIN
  PERFORM simulated_provider.be_reachable();
  PERFORM pg_advisory_xact_lock(simulated_provider.lock_key(p_payment_id));
  UPDATE simulated_provider.ledger l SET calls = l.calls + 1, last_called_at = now()
  WHERE l.key = p_key AND l.outcome <> 'lost'
  RETURNING * INTO entry;
  IF FOUND THEN
    RETURN entry;
  END IF;

  -- A call is lost once: the next one arrives.
  IF v_outcome = 'lost' AND EXISTS (SELECT FROM simulated_provider.ledger l WHERE l.key = p_key) THEN
    v_outcome := 'succeeded';
  END IF;

  IF p_operation = 'capture' THEN
    PERFORM simulated_provider.end_hold(p_authorization_key);
  END IF;
  obstacle := simulated_provider.obstacle(p_payment_id, p_authorization_key, p_operation, p_amount);
  IF obstacle IS NOT NULL AND v_outcome <> 'lost' THEN
    v_outcome := CASE obstacle WHEN 'authorization_expired' THEN 'expired' ELSE 'failed' END;
    v_code := obstacle;
  END IF;

  IF v_outcome = 'succeeded' THEN
    reference := simulated_provider.reference_of(p_key);
  ELSIF p_operation = 'void' AND v_code = 'already_captured' THEN
    SELECT l.reference INTO reference FROM simulated_provider.ledger l
    WHERE l.payment_id = p_payment_id AND l.operation IN ('charge', 'capture') AND l.outcome = 'succeeded'
    ORDER BY l.first_called_at, l.key LIMIT 1;
  END IF;

  -- A void is the last word on its authorisation, also on one that has not arrived yet, or that waits for the
  -- customer. The second part of a key names its operation.
  IF p_operation = 'void' AND v_outcome = 'succeeded' THEN
    INSERT INTO simulated_provider.ledger AS l (
      key, payment_id, order_id, operation, amount, currency, payment_method, outcome, code, effects, calls
    ) VALUES (
      p_authorization_key, p_payment_id, p_order_id, split_part(p_authorization_key, ':', 2), p_amount, p_currency,
      p_payment_method, 'failed', 'authorization_voided', 0, 0
    )
    ON CONFLICT (key) DO UPDATE SET outcome = 'failed', code = 'authorization_voided'
    WHERE l.outcome IN ('lost', 'action_required');
  END IF;
  -- What was captured or voided is no longer held, so nothing is left to expire.
  IF p_operation IN ('capture', 'void') AND v_outcome = 'succeeded' THEN
    UPDATE simulated_provider.ledger l SET hold_expires_at = NULL
    WHERE l.key = p_authorization_key AND l.hold_expires_at IS NOT NULL;
  END IF;

  INSERT INTO simulated_provider.ledger AS l (
    key, payment_id, order_id, operation, amount, currency, payment_method, outcome, code, reference, effects, calls,
    action_token, action_expires_at, hold_expires_at
  ) VALUES (
    p_key, p_payment_id, p_order_id, p_operation, p_amount, p_currency, p_payment_method, v_outcome, v_code,
    reference, CASE WHEN v_outcome = 'succeeded' THEN 1 ELSE 0 END, 1,
    CASE WHEN v_outcome = 'action_required' THEN gen_random_uuid() END,
    now() + (p_plan ->> 'actionMs')::integer * interval '1 ms',
    now() + (p_plan ->> 'holdMs')::integer * interval '1 ms'
  )
  ON CONFLICT (key) DO UPDATE SET
    outcome = excluded.outcome, code = excluded.code, reference = excluded.reference, effects = excluded.effects,
    action_token = excluded.action_token, action_expires_at = excluded.action_expires_at,
    hold_expires_at = excluded.hold_expires_at, calls = l.calls + 1, last_called_at = now()
  RETURNING * INTO entry;

  IF v_webhook IS NOT NULL AND v_outcome = 'succeeded' THEN
    PERFORM simulated_provider.tell(
      entry, (v_webhook ->> 'times')::integer, (v_webhook ->> 'delayMs')::integer, (v_webhook ->> 'instead')::boolean
    );
  END IF;
  RETURN entry;
END $$;

-- What the customer says, once, while there is time. Answers with the row as it is then; none for another token.
CREATE OR REPLACE FUNCTION simulated_provider.decide(p_token uuid, p_approved boolean)
RETURNS SETOF simulated_provider.ledger LANGUAGE plpgsql AS $$
DECLARE
  entry simulated_provider.ledger;
BEGIN
  PERFORM pg_advisory_xact_lock(simulated_provider.lock_key(l.payment_id))
  FROM simulated_provider.ledger l WHERE l.action_token = p_token;
  UPDATE simulated_provider.ledger l SET
    outcome = CASE WHEN p_approved AND l.code IS NULL THEN 'succeeded' ELSE 'failed' END,
    code = CASE WHEN p_approved THEN l.code ELSE 'authentication_failed' END,
    reference = CASE WHEN p_approved AND l.code IS NULL THEN simulated_provider.reference_of(l.key) END,
    effects = CASE WHEN p_approved AND l.code IS NULL THEN 1 ELSE 0 END
  WHERE l.action_token = p_token AND l.outcome = 'action_required' AND l.action_expires_at > now()
  RETURNING * INTO entry;
  IF FOUND THEN
    PERFORM simulated_provider.tell(entry, 1, 0, false);
  END IF;
  RETURN QUERY SELECT * FROM simulated_provider.ledger l WHERE l.action_token = p_token;
END $$;

-- Ends what nobody asks about any more, a while after its time: whoever does ask is answered by the call itself.
-- Payments that are being dealt with are left to the next round.
CREATE OR REPLACE FUNCTION simulated_provider.end_overdue(p_grace_ms integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  overdue record;
  latest timestamptz := now() - p_grace_ms * interval '1 ms';
BEGIN
  FOR overdue IN
    SELECT l.key, l.payment_id, l.outcome FROM simulated_provider.ledger l
    WHERE (l.outcome = 'action_required' AND l.action_expires_at <= latest)
       OR (l.outcome = 'succeeded' AND l.hold_expires_at IS NOT NULL AND l.hold_expires_at <= latest)
    LIMIT 50
  LOOP
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(simulated_provider.lock_key(overdue.payment_id));
    IF overdue.outcome = 'action_required' THEN
      PERFORM simulated_provider.end_action(overdue.key);
    ELSE
      PERFORM simulated_provider.end_hold(overdue.key);
    END IF;
  END LOOP;
END $$;

-- Webhooks that are due, for one sender: nobody else is given them until the lease is over, also if it ends. During
-- an outage none is told.
CREATE OR REPLACE FUNCTION simulated_provider.take_due(p_grace_ms integer, p_lease_ms integer, p_most integer)
RETURNS SETOF simulated_provider.webhooks LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM simulated_provider.current_outage()) THEN
    RETURN;
  END IF;
  PERFORM simulated_provider.end_overdue(p_grace_ms);
  RETURN QUERY
    UPDATE simulated_provider.webhooks w SET attempts = w.attempts + 1, due_at = now() + p_lease_ms * interval '1 ms'
    WHERE w.seq IN (
      SELECT d.seq FROM simulated_provider.webhooks d WHERE d.due_at <= now()
      ORDER BY d.due_at LIMIT p_most FOR UPDATE SKIP LOCKED
    )
    RETURNING w.*;
END $$;

-- Up Migration

-- Processes that the payment provider owes an answer which it could not be asked for: they are tried again by a pace
-- of their own. Those of before are known by their next event, or by their next turn among all others.
ALTER TABLE processes ADD COLUMN deferred boolean NOT NULL DEFAULT false;
CREATE INDEX processes_deferred ON processes (next_resend_at) WHERE deferred AND next_resend_at IS NOT NULL;

-- Down Migration

DROP INDEX processes_deferred;
ALTER TABLE processes DROP COLUMN deferred;

-- Up Migration

-- What becomes of dead letters. `version` rises with everything that happens to one; a decision is about the version that
-- somebody has seen. One that dies again is open again.
ALTER TABLE dead_letters
  ADD COLUMN state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'requeued', 'discarded')),
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN settled_at timestamptz;
CREATE INDEX dead_letters_state ON dead_letters (state, received_at, id);

-- What letters are to be sent with instead of their own content, by the request that says so.
CREATE TABLE dead_letter_edits (
  request_id uuid PRIMARY KEY,
  content    bytea NOT NULL,
  made_at    timestamptz NOT NULL DEFAULT now()
);

-- How far the forwarder's replays have come. -1: nothing yet.
CREATE TABLE forwarder_replays (
  id           uuid PRIMARY KEY,
  state        text NOT NULL CHECK (state IN ('running', 'done', 'stopped')),
  stretch      jsonb NOT NULL,
  routing_keys text[] NOT NULL,
  reason       text NOT NULL,
  position     bigint NOT NULL DEFAULT -1,
  sent         bigint NOT NULL DEFAULT 0,
  requested_at timestamptz NOT NULL,
  ended_at     timestamptz
);
CREATE INDEX forwarder_replays_age ON forwarder_replays (requested_at, id);

-- Down Migration

DROP TABLE forwarder_replays, dead_letter_edits;
DROP INDEX dead_letters_state;
ALTER TABLE dead_letters DROP COLUMN settled_at, DROP COLUMN version, DROP COLUMN state;

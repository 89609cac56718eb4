-- Every event as it was written: what happened, where, by whom, when and why, and what led to it.
CREATE TABLE audit_log (
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  stream_id text NOT NULL,
  revision bigint NOT NULL,
  event_type text NOT NULL,
  schema_version integer NOT NULL,
  actor_kind text NOT NULL,
  actor_subject text NOT NULL,
  reason text,
  correlation_id text NOT NULL,
  causation_id text NOT NULL,
  command_id uuid NOT NULL,
  -- By the clock of whoever decided, and by the log's.
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  data jsonb NOT NULL
);

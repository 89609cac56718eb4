CREATE VIEW audit_log AS
SELECT
  position::bigint,
  event_id::uuid,
  stream_id::text,
  revision::bigint,
  event_type::text,
  schema_version::integer,
  actor_kind::text,
  actor_subject::text,
  reason::text,
  correlation_id::text,
  causation_id::text,
  command_id::uuid,
  occurred_at::timestamptz,
  recorded_at::timestamptz,
  data::jsonb
FROM build.audit_log;

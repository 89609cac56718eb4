import { table } from '../read-models/table.js';

export const auditLog = table('audit_log', ['position'], {
  position: 'bigint',
  event_id: 'uuid',
  stream_id: 'text',
  revision: 'bigint',
  event_type: 'text',
  schema_version: 'integer',
  actor_kind: 'text',
  actor_subject: 'text',
  reason: 'text?',
  correlation_id: 'text',
  causation_id: 'text',
  command_id: 'uuid',
  occurred_at: 'timestamptz',
  recorded_at: 'timestamptz',
  data: 'jsonb',
});

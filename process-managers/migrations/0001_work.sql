-- Up Migration

-- Who does what. A lease that expired may be taken by anyone; `token` rises with each taking, so that what a
-- former holder still writes can be told apart. All times are Postgres' own.
CREATE TABLE leases (
  name       text PRIMARY KEY,
  holder     text,
  token      bigint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

-- The instances that are alive: each takes its fair share of the leases.
CREATE TABLE instances (
  name    text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- How far the log was dealt with. -1: nothing yet. `log` tells from which log the position is.
CREATE TABLE checkpoints (
  name         text PRIMARY KEY,
  position     bigint NOT NULL DEFAULT -1,
  token        bigint NOT NULL DEFAULT 0,
  log          text NOT NULL,
  moved_at     timestamptz NOT NULL DEFAULT now(),
  caught_up_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

-- One row a process, a projection of its stream: what it waits for and when something is due.
CREATE TABLE processes (
  order_id            uuid PRIMARY KEY,
  partition           smallint NOT NULL,
  definition          integer NOT NULL,
  revision            bigint NOT NULL,
  status              text NOT NULL CHECK (status IN ('FULFILLING', 'UNDOING', 'DONE')),
  stage               text NOT NULL,
  stage_since         timestamptz NOT NULL,
  undo_reason         text,
  intervention        text,
  pending             jsonb NOT NULL,
  resends             integer NOT NULL DEFAULT 0,
  next_resend_at      timestamptz,
  deadline_generation integer,
  next_deadline_at    timestamptz,
  correlation_id      text NOT NULL,
  causation_id        text NOT NULL,
  traceparent         text,
  heard_position      bigint NOT NULL,
  started_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

-- A process that is done has nothing due, so it is in none of the first three.
CREATE INDEX processes_resend ON processes (next_resend_at) WHERE next_resend_at IS NOT NULL;
CREATE INDEX processes_deadline ON processes (next_deadline_at) WHERE next_deadline_at IS NOT NULL;
CREATE INDEX processes_open ON processes (started_at, order_id) WHERE status <> 'DONE';
CREATE INDEX processes_age ON processes (started_at, order_id);

-- An order whose events could not be dealt with: it waits alone, from `position` on, until somebody looks.
CREATE TABLE set_aside (
  order_id     uuid PRIMARY KEY,
  partition    smallint NOT NULL,
  position     bigint NOT NULL,
  reason       text NOT NULL,
  set_aside_at timestamptz NOT NULL DEFAULT now()
);

-- What the broker's dead-letter queues held. The same message dead again is the same row.
CREATE TABLE dead_letters (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  queue            text NOT NULL,
  -- The sender's id of the message; the hash of its content where it had none.
  message_key      text NOT NULL,
  type             text,
  routing_key      text NOT NULL,
  reason           text NOT NULL,
  attempts         integer NOT NULL,
  headers          jsonb NOT NULL,
  content          bytea NOT NULL,
  times            integer NOT NULL DEFAULT 1,
  first_failure_at timestamptz NOT NULL,
  last_failure_at  timestamptz NOT NULL,
  received_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (queue, message_key)
);
CREATE INDEX dead_letters_age ON dead_letters (received_at, id);

-- Down Migration

DROP TABLE leases, instances, checkpoints, processes, set_aside, dead_letters;

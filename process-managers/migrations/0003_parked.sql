-- Up Migration

-- Events that belong to nothing that is known: they wait here for what they belong to. Kept when that is over, so that
-- one that is heard again is known.
CREATE TABLE parked (
  -- In the log.
  position   bigint PRIMARY KEY,
  order_id   uuid NOT NULL,
  partition  smallint NOT NULL,
  -- The stream that they wait for, and the type of the event in it.
  awaits     text NOT NULL,
  awaits_type text NOT NULL,
  event      jsonb NOT NULL,
  parked_at  timestamptz NOT NULL DEFAULT now(),
  due_at     timestamptz NOT NULL,
  outcome    text CHECK (outcome IN ('matched', 'dead-lettered')),
  ended_at   timestamptz,
  CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE INDEX parked_open ON parked (position) WHERE outcome IS NULL;
CREATE INDEX parked_due ON parked (due_at) WHERE outcome IS NULL;
CREATE INDEX parked_awaits ON parked (awaits) WHERE outcome IS NULL;

-- What came out of a queue, or an event whose time to wait was over. Those have the queue `log`, and their position as key.
ALTER TABLE dead_letters
  ADD COLUMN origin text NOT NULL DEFAULT 'queue' CHECK (origin IN ('queue', 'unknown correlation'));

-- Down Migration

ALTER TABLE dead_letters DROP COLUMN origin;
DROP TABLE parked;

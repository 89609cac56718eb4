-- Up Migration

-- An order whose events could not be dealt with: it waits alone, from `position` on, until it is let go on. `newer`:
-- what it met was written by a newer build, so it goes on by itself under one.
ALTER TABLE set_aside RENAME TO quarantine;
ALTER TABLE quarantine RENAME COLUMN set_aside_at TO since;
ALTER TABLE quarantine ADD COLUMN newer boolean NOT NULL DEFAULT false;
CREATE INDEX quarantine_age ON quarantine (since, order_id);

-- By an operator: such a process asks for nothing, and no deadline of it counts.
ALTER TABLE processes ADD COLUMN paused boolean NOT NULL DEFAULT false;
CREATE INDEX processes_correlation ON processes (correlation_id);

-- Down Migration

DROP INDEX processes_correlation;
ALTER TABLE processes DROP COLUMN paused;
DROP INDEX quarantine_age;
ALTER TABLE quarantine DROP COLUMN newer;
ALTER TABLE quarantine RENAME COLUMN since TO set_aside_at;
ALTER TABLE quarantine RENAME TO set_aside;

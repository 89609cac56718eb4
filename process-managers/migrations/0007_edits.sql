-- Up Migration

-- A request whose event was not recorded may have kept another content than the one that is then recorded under its key:
-- the event names the one that counts by its digest.
ALTER TABLE dead_letter_edits ADD COLUMN sha256 text;
UPDATE dead_letter_edits SET sha256 = encode(sha256(content), 'hex');
ALTER TABLE dead_letter_edits
  ALTER COLUMN sha256 SET NOT NULL,
  DROP CONSTRAINT dead_letter_edits_pkey,
  ADD PRIMARY KEY (request_id, sha256);

-- Down Migration

DELETE FROM dead_letter_edits AS one USING dead_letter_edits AS other
WHERE one.request_id = other.request_id AND (one.made_at, one.sha256) > (other.made_at, other.sha256);
ALTER TABLE dead_letter_edits
  DROP CONSTRAINT dead_letter_edits_pkey,
  ADD PRIMARY KEY (request_id),
  DROP COLUMN sha256;

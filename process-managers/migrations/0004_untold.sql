-- Up Migration

-- Events that the outside was to be told of, and could not be: with the queue `integration-events`, and their position as key.
ALTER TABLE dead_letters
  DROP CONSTRAINT dead_letters_origin_check,
  ADD CONSTRAINT dead_letters_origin_check CHECK (origin IN ('queue', 'unknown correlation', 'not translated'));

-- Down Migration

DELETE FROM dead_letters WHERE origin = 'not translated';
ALTER TABLE dead_letters
  DROP CONSTRAINT dead_letters_origin_check,
  ADD CONSTRAINT dead_letters_origin_check CHECK (origin IN ('queue', 'unknown correlation'));

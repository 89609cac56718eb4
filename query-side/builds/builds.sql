-- What is known of the builds of the read models: which there are, who fills them, how far they are.
-- Each build's tables are in a schema of the build's own name.
CREATE SCHEMA IF NOT EXISTS read_models;

CREATE SEQUENCE IF NOT EXISTS read_models.build_numbers;

CREATE TABLE IF NOT EXISTS read_models.builds (
  -- build_{definition}_{sequence}
  build text PRIMARY KEY,
  sequence integer NOT NULL UNIQUE,
  -- The schema of views that readers of this build use, e.g. read_v2.
  contract text NOT NULL,
  -- Hash of the definition that it was built from.
  definition text NOT NULL,
  -- 'deploy': filled by the running system; 'replay': filled by `npm run replay`, which drops what it left behind.
  purpose text NOT NULL CHECK (purpose IN ('deploy', 'replay')),
  state text NOT NULL DEFAULT 'filling' CHECK (state IN ('filling', 'live', 'retired')),
  created_at timestamptz NOT NULL DEFAULT now(),
  promoted_at timestamptz,
  retired_at timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS one_live_build ON read_models.builds (contract) WHERE state = 'live';

CREATE TABLE IF NOT EXISTS read_models.checkpoints (
  build text PRIMARY KEY REFERENCES read_models.builds ON DELETE CASCADE,
  -- Everything in the log up to here is in the build's rows; -1 before the first event.
  position bigint NOT NULL DEFAULT -1,
  -- Of the log that the positions belong to.
  log_identity text NOT NULL,
  -- Who writes the build, on which connection, and until when that holds without being renewed.
  builder uuid,
  builder_pid integer,
  lease_until timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

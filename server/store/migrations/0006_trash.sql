-- What was thrown away: hidden, and there again when it is restored. A run of an experiment in the trash is hidden with it.
ALTER TABLE experiment ADD COLUMN trashed_at_ms BIGINT;
ALTER TABLE run ADD COLUMN trashed_at_ms BIGINT;
-- Counts by status look at kept runs only.
DROP INDEX run_by_status;
CREATE INDEX run_by_status ON run (experiment_id, status, updated_at_ms) WHERE trashed_at_ms IS NULL;
-- The newest runs, which most people ask for.
CREATE INDEX run_by_start ON run (experiment_id, started_at_ms);

-- When somebody put a run aside: hidden where nobody asks for it, and kept in all else.
ALTER TABLE run ADD COLUMN archived_at_ms BIGINT;

-- Counts of runs look at both by the index alone.
DROP INDEX run_by_status;
CREATE INDEX run_by_status ON run (experiment_id, status, trashed_at_ms, archived_at_ms) WHERE trashed_at_ms IS NULL;

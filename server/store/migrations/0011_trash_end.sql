-- What is deleted for good is marked first, all of it in one moment, and hidden from then on; then it is removed piece
-- by piece. Only what lies in the trash is marked, so whatever leaves the trash out leaves the marked out too.
ALTER TABLE experiment ADD COLUMN purged_at_ms BIGINT;
ALTER TABLE run ADD COLUMN purged_at_ms BIGINT;
CREATE INDEX experiment_purged ON experiment (purged_at_ms) WHERE purged_at_ms IS NOT NULL;
CREATE INDEX run_purged ON run (purged_at_ms) WHERE purged_at_ms IS NOT NULL;
CREATE INDEX run_trashed ON run (trashed_at_ms) WHERE trashed_at_ms IS NOT NULL;

-- Content that nobody lists any more, and whose file is still to be removed.
CREATE TABLE blob_gone (
    sha256 TEXT NOT NULL PRIMARY KEY
);
CREATE INDEX artifact_by_content ON artifact (sha256);
-- Without it, removing a run would look through the metrics of all models.
CREATE INDEX asset_metric_by_run ON asset_metric (run_id);

-- For the list of experiments: counts by status, and runs a day, each from an index alone. Their last
-- column is always NULL; without it SQLite would look into the rows for what the condition says already.
DROP INDEX run_by_status;
CREATE INDEX run_by_status ON run (experiment_id, status, trashed_at_ms) WHERE trashed_at_ms IS NULL;
CREATE INDEX run_by_creation ON run (experiment_id, created_at_ms, trashed_at_ms) WHERE trashed_at_ms IS NULL;

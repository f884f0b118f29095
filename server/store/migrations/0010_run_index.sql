-- What changed lately in an experiment.
CREATE INDEX run_by_update ON run (experiment_id, updated_at_ms);

-- What changed lately in an experiment.
CREATE INDEX run_by_update ON run (experiment_id, updated_at_ms);
-- The params, metrics without context and tags that any run of an experiment has: what people choose columns from.
CREATE TABLE run_field (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (experiment_id, kind, key)
);
INSERT INTO run_field (experiment_id, kind, key)
SELECT DISTINCT run.experiment_id, 'param', param.key FROM param JOIN run ON run.id = param.run_id;
INSERT INTO run_field (experiment_id, kind, key)
SELECT DISTINCT run.experiment_id, 'tag', run_tag.key FROM run_tag JOIN run ON run.id = run_tag.run_id;
INSERT INTO run_field (experiment_id, kind, key)
SELECT DISTINCT run.experiment_id, 'metric', series.key FROM series JOIN run ON run.id = series.run_id
WHERE series.context = '' AND series.kind = 'number';

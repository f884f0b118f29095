-- Files belong to a run, a dataset or model, or a trace: the owner's text tells which.
CREATE TABLE artifact_of_owner (
    owner TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blob (sha256),
    mime TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (owner, path)
);
INSERT INTO artifact_of_owner (owner, path, sha256, mime, created_at_ms)
SELECT run_id, path, sha256, mime, created_at_ms FROM artifact;
DROP TABLE artifact;
ALTER TABLE artifact_of_owner RENAME TO artifact;

-- Datasets and models, each a version of a thing.
CREATE TABLE asset (
    id TEXT NOT NULL PRIMARY KEY,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    format TEXT NOT NULL,
    status TEXT NOT NULL,
    status_message TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT NOT NULL,
    profile TEXT NOT NULL,
    source_run_id TEXT REFERENCES run (id),
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    trashed_at_ms BIGINT
);
CREATE UNIQUE INDEX asset_by_digest ON asset (experiment_id, name, digest) WHERE kind = 'dataset';
CREATE INDEX asset_by_name ON asset (experiment_id, kind, name);
CREATE INDEX asset_by_run ON asset (source_run_id) WHERE source_run_id IS NOT NULL;

CREATE TABLE asset_tag (
    asset_id TEXT NOT NULL REFERENCES asset (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (asset_id, key)
);

CREATE TABLE asset_param (
    asset_id TEXT NOT NULL REFERENCES asset (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (asset_id, key)
);

-- The latest value of a model's metric on a dataset, as the bits of the double.
CREATE TABLE asset_metric (
    asset_id TEXT NOT NULL REFERENCES asset (id),
    key TEXT NOT NULL,
    dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES run (id),
    step BIGINT NOT NULL,
    time_ms BIGINT NOT NULL,
    value_bits BIGINT NOT NULL,
    PRIMARY KEY (asset_id, key, dataset_name, dataset_digest, run_id)
);

-- The lineage: which run read or wrote what.
CREATE TABLE asset_use (
    run_id TEXT NOT NULL REFERENCES run (id),
    asset_id TEXT NOT NULL REFERENCES asset (id),
    access TEXT NOT NULL,
    context TEXT NOT NULL,
    step BIGINT NOT NULL,
    -- JSON of further tags.
    tags TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (run_id, asset_id, access)
);
CREATE INDEX asset_use_by_asset ON asset_use (asset_id);

-- Who logs to a run and is alive; what it ran on; what happened to it.
ALTER TABLE run ADD COLUMN parent_id TEXT REFERENCES run (id);
CREATE INDEX run_by_parent ON run (parent_id) WHERE parent_id IS NOT NULL;
-- Counts up each time that an ended run is set running again: processes of earlier attempts have no say in its status.
ALTER TABLE run ADD COLUMN attempt BIGINT NOT NULL DEFAULT 1;
ALTER TABLE run ADD COLUMN stop_requested BIGINT NOT NULL DEFAULT 0;

CREATE TABLE process (
    run_id TEXT NOT NULL REFERENCES run (id),
    id TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    rank BIGINT,
    attempt BIGINT NOT NULL,
    status TEXT NOT NULL,
    started_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    PRIMARY KEY (run_id, id)
);
-- Those that may be lost.
CREATE INDEX process_running ON process (seen_at_ms) WHERE status = 'running';

CREATE TABLE environment (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES run (id),
    body TEXT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE TABLE run_event (
    run_id TEXT NOT NULL REFERENCES run (id),
    id TEXT NOT NULL,
    time_ms BIGINT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    span TEXT,
    metadata TEXT NOT NULL,
    PRIMARY KEY (run_id, id)
);
CREATE INDEX run_event_by_time ON run_event (run_id, time_ms, id);

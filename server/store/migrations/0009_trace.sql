CREATE TABLE trace (
    id TEXT NOT NULL PRIMARY KEY,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    client_request_id TEXT NOT NULL,
    started_at_ms BIGINT NOT NULL,
    duration_ms BIGINT,
    state TEXT NOT NULL,
    request_preview TEXT NOT NULL,
    response_preview TEXT NOT NULL,
    -- JSON.
    metadata TEXT NOT NULL
);
CREATE INDEX trace_by_start ON trace (experiment_id, started_at_ms);

CREATE TABLE trace_tag (
    trace_id TEXT NOT NULL REFERENCES trace (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (trace_id, key)
);

-- How the status of a run came about: changes numbered in order, those in the middle of a long story removed.
CREATE TABLE run_status_change (
    run_id TEXT NOT NULL REFERENCES run (id),
    place BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    cause TEXT NOT NULL,
    user_name TEXT,
    via TEXT,
    process_id TEXT,
    since_ms BIGINT,
    PRIMARY KEY (run_id, place)
);

-- What a param was until it was logged anew; numbered in order, the newest ones kept.
CREATE TABLE param_change (
    run_id TEXT NOT NULL REFERENCES run (id),
    place BIGINT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (run_id, place)
);

-- How far the clock of a process was before the server's.
ALTER TABLE process ADD COLUMN skew_ms BIGINT;

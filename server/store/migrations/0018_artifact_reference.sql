-- Files that lie elsewhere: what is known of them, and none of their bytes.
CREATE TABLE artifact_reference (
    owner TEXT NOT NULL,
    path TEXT NOT NULL,
    uri TEXT NOT NULL,
    -- Absent where whoever noted it did not know.
    size_bytes BIGINT,
    digest TEXT,
    mime TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (owner, path)
);

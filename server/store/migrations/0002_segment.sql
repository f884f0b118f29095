-- Segments get one key that keeps those of a series together and in order, and summaries (blocks) beside packed points.
-- The summaries stand before the points, so that SQLite reads them without walking through the points' pages.
CREATE TABLE segment_new (
    -- series id × 2^28 + number of the segment
    id BIGINT PRIMARY KEY,
    count BIGINT NOT NULL,
    step_min BIGINT NOT NULL,
    step_max BIGINT NOT NULL,
    blocks BYTEA,
    data BYTEA NOT NULL
);
INSERT INTO segment_new (id, count, step_min, step_max, data)
SELECT series_id * 268435456 + number, count, step_min, step_max, data FROM segment;
DROP TABLE segment;
ALTER TABLE segment_new RENAME TO segment;
-- PostgreSQL only: ALTER TABLE segment ALTER COLUMN data SET STORAGE EXTERNAL;
-- PostgreSQL only: ALTER TABLE segment ALTER COLUMN blocks SET STORAGE EXTERNAL;

ALTER TABLE series ADD COLUMN kind TEXT NOT NULL DEFAULT 'number';
-- The number of the newest segment, and how many were added since the small ones were last looked through.
ALTER TABLE series RENAME COLUMN tail_number TO last_number;
ALTER TABLE series DROP COLUMN tail_count;
ALTER TABLE series ADD COLUMN small_count BIGINT NOT NULL DEFAULT 1;

-- 1 when something was logged since the run's small segments were packed. Packing waits until the run has ended.
ALTER TABLE run ADD COLUMN unsealed BIGINT NOT NULL DEFAULT 1;
CREATE INDEX run_unsealed ON run (id) WHERE unsealed = 1 AND ended_at_ms IS NOT NULL;

-- Numbers up to the floor are past; of those above it that were used, `recent` holds the number and eight bytes of
-- the digest of the content.
ALTER TABLE writer RENAME COLUMN sequence TO floor;
ALTER TABLE writer DROP COLUMN digest;
ALTER TABLE writer ADD COLUMN recent BYTEA;

-- When the sitting began in which a revision was saved by itself; absent for those that a person saved. The next revision
-- of the same sitting takes its place.
ALTER TABLE note ADD COLUMN draft_since_ms BIGINT;

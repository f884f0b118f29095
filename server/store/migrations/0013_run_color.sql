-- The colour that somebody chose for a run: its place in the palette. NULL: that of its number.
ALTER TABLE run ADD COLUMN color BIGINT;

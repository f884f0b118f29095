-- What the runs of an experiment are after: the key of a metric, and `min` or `max`.
ALTER TABLE experiment ADD COLUMN goal_key TEXT;
ALTER TABLE experiment ADD COLUMN goal TEXT;

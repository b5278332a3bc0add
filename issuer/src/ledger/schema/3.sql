-- Version 3. The life of a key.

-- `turn` is the number of the event that made a key active: of several that may sign, the one with the greatest does.
-- `destroyed_at` is when its private half was given up; `state` is then the one that it was in.
ALTER TABLE signing_key ADD COLUMN turn INTEGER;
ALTER TABLE signing_key ADD COLUMN destroyed_at INTEGER;
UPDATE signing_key SET turn = seq WHERE state = 'active';

-- What has been exported is asked for by every export.
CREATE INDEX event_key_exported ON event (kind, seq) WHERE kind = 'key.exported';

-- Version 2. What is made at most once.

-- What was asked for under an id of the asker's choice, and what it came to. `arguments` is SHA-256 over what was asked;
-- `seq` is the last event of it, which names the id as well.
CREATE TABLE request (
  id        TEXT    PRIMARY KEY,
  seq       INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  arguments BLOB    NOT NULL CHECK (length(arguments) = 32),
  answer    TEXT    NOT NULL
) STRICT;

-- Version 1. Instants are seconds since 1970 in UTC, ids are text, lists are JSON arrays.

-- Whose ledger this is: one row.
CREATE TABLE issuer (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  ledger_id TEXT NOT NULL,
  name      TEXT NOT NULL
) STRICT;

-- The log. `leaf` is the truth; the other columns are drawn from it so that events can be found.
CREATE TABLE event (
  seq        INTEGER PRIMARY KEY CHECK (seq >= 1),
  leaf       BLOB    NOT NULL,
  kind       TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  actor      TEXT    NOT NULL,
  license_id TEXT
) STRICT;
CREATE INDEX event_by_license ON event (license_id, seq) WHERE license_id IS NOT NULL;
CREATE TRIGGER event_is_next BEFORE INSERT ON event
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'events are numbered without gaps and never replaced'); END;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- Texts that name persons or customers, to which a leaf only commits: hex(SHA-256(salt || text)). A row can be
-- erased; the leaf stays as it is.
CREATE TABLE personal (
  seq   INTEGER NOT NULL REFERENCES event (seq),
  field TEXT    NOT NULL,
  salt  BLOB    NOT NULL CHECK (length(salt) = 32),
  text  TEXT    NOT NULL,
  PRIMARY KEY (seq, field)
) STRICT;

CREATE TABLE signing_key (
  kid            TEXT    PRIMARY KEY,
  seq            INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  x              TEXT    NOT NULL,
  issuer         TEXT    NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('next', 'active', 'retired')),
  purposes       TEXT    NOT NULL,
  products       TEXT,
  algorithm      TEXT,
  created_at     INTEGER NOT NULL,
  not_before     INTEGER,
  not_after      INTEGER,
  distrust_after INTEGER
) STRICT;

CREATE TABLE product (
  name       TEXT    PRIMARY KEY,
  seq        INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  definition TEXT    NOT NULL
) STRICT;

CREATE TABLE customer (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;
CREATE INDEX customer_by_name ON customer (name, id);

-- A list is known by its URI. `sequence` is that of the last list signed, 0 before the first.
CREATE TABLE status_list (
  id           INTEGER PRIMARY KEY,
  uri          TEXT    NOT NULL UNIQUE,
  sequence     INTEGER NOT NULL DEFAULT 0,
  published_at INTEGER
) STRICT;

-- Every index that was ever handed out. `status` is that of the list: 0 valid, 1 revoked, 2 suspended; `since` when it
-- last left valid; `grace` how many seconds a deployment has from then on.
CREATE TABLE status_entry (
  list   INTEGER NOT NULL REFERENCES status_list (id),
  idx    INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 1048575),
  status INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2)),
  since  INTEGER,
  grace  INTEGER NOT NULL,
  PRIMARY KEY (list, idx),
  CHECK ((status = 0) = (since IS NULL))
) STRICT;
CREATE INDEX status_entry_not_valid ON status_entry (list, idx) WHERE status <> 0;
CREATE TRIGGER status_entry_is_never_freed BEFORE DELETE ON status_entry
BEGIN SELECT RAISE(ABORT, 'an index that was handed out is never used again'); END;

-- `state` is what was decided about a license; that it starts, expires and ends is a matter of time, not of state.
CREATE TABLE license (
  id          TEXT PRIMARY KEY,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  state       TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
  since       INTEGER,
  reason      TEXT,
  CHECK ((state = 'active') = (since IS NULL))
) STRICT;
CREATE INDEX license_by_customer ON license (customer_id);

CREATE TABLE revision (
  serial      TEXT    PRIMARY KEY,
  license_id  TEXT    NOT NULL REFERENCES license (id),
  revision    INTEGER NOT NULL CHECK (revision >= 1),
  seq         INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  kid         TEXT    NOT NULL REFERENCES signing_key (kid),
  products    TEXT    NOT NULL,
  plan        TEXT    NOT NULL,
  iat         INTEGER NOT NULL,
  nbf         INTEGER NOT NULL,
  exp         INTEGER,
  grace_until INTEGER,
  list        INTEGER NOT NULL,
  idx         INTEGER NOT NULL,
  token       TEXT    NOT NULL,
  UNIQUE (license_id, revision),
  UNIQUE (list, idx),
  FOREIGN KEY (list, idx) REFERENCES status_entry (list, idx),
  CHECK ((exp IS NULL) = (grace_until IS NULL))
) STRICT;

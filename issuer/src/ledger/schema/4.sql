-- Version 4. Which deployments hold a seat of a license, what they were given, and what their requests were answered with.

-- SHA-256 of the token, in hex: what a deployment proves to hold it by. Of those that are there already the log tells.
ALTER TABLE revision ADD COLUMN sha256 TEXT;
UPDATE revision SET sha256 =
  (SELECT json_extract(CAST(event.leaf AS TEXT), '$.body.tokenSha256') FROM event WHERE event.seq = revision.seq);
CREATE UNIQUE INDEX revision_by_sha256 ON revision (sha256);

-- Lists that were signed: the newest of each, and those that were enclosed with an answer.
CREATE TABLE list_edition (
  list       INTEGER NOT NULL REFERENCES status_list (id),
  sequence   INTEGER NOT NULL,
  seq        INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  stale_from INTEGER,
  enclosed   INTEGER NOT NULL DEFAULT 0 CHECK (enclosed IN (0, 1)),
  token      TEXT    NOT NULL,
  PRIMARY KEY (list, sequence)
) STRICT;
-- Whether an entry says anything else than in the newest edition.
ALTER TABLE status_list ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER status_entry_changes_its_list AFTER UPDATE OF status, since ON status_entry
WHEN NEW.status <> OLD.status OR NEW.since IS NOT OLD.since
BEGIN UPDATE status_list SET changed = 1 WHERE id = NEW.list; END;

CREATE TRIGGER status_entry_is_stopped_as_it_comes AFTER INSERT ON status_entry WHEN NEW.status <> 0
BEGIN UPDATE status_list SET changed = 1 WHERE id = NEW.list; END;

-- The denials of a license are shown with it.
CREATE INDEX event_that_denies ON event (license_id, seq) WHERE kind = 'activation.denied';

-- How many seats of a license are taken, from its first one on. `ceiling` is what there were when one was last asked for, or
-- what was taken already, if that was more: so fewer seats than are taken take none away. NULL: any number.
CREATE TABLE seat_count (
  license_id TEXT    PRIMARY KEY REFERENCES license (id),
  active     INTEGER NOT NULL CHECK (active >= 0),
  ceiling    INTEGER,
  CHECK (ceiling IS NULL OR active <= ceiling)
) STRICT;

-- Every deployment that ever held a seat of a license. `counter` is that of its last request that was granted; `lease_end`
-- when the last of its activations ends, NULL: never.
CREATE TABLE deployment (
  license_id   TEXT    NOT NULL REFERENCES license (id),
  id           TEXT    NOT NULL,
  label        TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('active', 'released', 'revoked', 'expired')),
  first_seen   INTEGER NOT NULL,
  last_seen    INTEGER NOT NULL,
  counter      INTEGER NOT NULL,
  lease_end    INTEGER,
  lost_answers INTEGER NOT NULL DEFAULT 0,
  forks        INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (license_id, id)
) STRICT;
CREATE INDEX deployment_by_id ON deployment (id, license_id);
CREATE INDEX deployment_by_lease ON deployment (license_id, lease_end) WHERE state = 'active' AND lease_end IS NOT NULL;

-- Every number that a seat ever had, and who holds it now. A deployment never holds two of one license.
CREATE TABLE seat (
  license_id TEXT    NOT NULL REFERENCES license (id),
  number     INTEGER NOT NULL CHECK (number >= 1),
  deployment TEXT,
  PRIMARY KEY (license_id, number),
  FOREIGN KEY (license_id, deployment) REFERENCES deployment (license_id, id)
) STRICT;
CREATE UNIQUE INDEX seat_that_is_held ON seat (license_id, deployment) WHERE deployment IS NOT NULL;
CREATE INDEX seat_that_is_free ON seat (license_id, number) WHERE deployment IS NULL;

CREATE TABLE activation (
  serial     TEXT    PRIMARY KEY,
  seq        INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  license_id TEXT    NOT NULL,
  deployment TEXT    NOT NULL,
  seat       INTEGER NOT NULL,
  product    TEXT    NOT NULL,
  nonce      TEXT    NOT NULL,
  counter    INTEGER NOT NULL,
  previous   TEXT,
  iat        INTEGER NOT NULL,
  exp        INTEGER,
  list       INTEGER NOT NULL,
  idx        INTEGER NOT NULL,
  UNIQUE (list, idx),
  FOREIGN KEY (license_id, deployment) REFERENCES deployment (license_id, id),
  FOREIGN KEY (list, idx) REFERENCES status_entry (list, idx)
) STRICT;
CREATE INDEX activation_by_deployment ON activation (license_id, deployment, seq);

-- Entries of activations that this ledger has not granted, or has forgotten: they came with an import, or from the ledger that
-- a restore replaced. Which deployments they are for, and whether these hold seats, is not known here.
CREATE TABLE activation_elsewhere (
  list       INTEGER NOT NULL,
  idx        INTEGER NOT NULL,
  license_id TEXT    NOT NULL REFERENCES license (id),
  PRIMARY KEY (list, idx),
  FOREIGN KEY (list, idx) REFERENCES status_entry (list, idx)
) STRICT;
CREATE INDEX activation_elsewhere_by_license ON activation_elsewhere (license_id);

-- What a request was answered with, so that asking again gets the same bytes: the token, then editions of lists
-- ([[list, sequence], …]) and licenses ([serial, …]). Denials are not remembered.
CREATE TABLE seat_answer (
  deployment TEXT    NOT NULL,
  nonce      TEXT    NOT NULL,
  seq        INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  license_id TEXT    NOT NULL REFERENCES license (id),
  kind       TEXT    NOT NULL CHECK (kind IN ('activate', 'release')),
  token      TEXT    NOT NULL,
  lists      TEXT    NOT NULL,
  licenses   TEXT    NOT NULL,
  PRIMARY KEY (deployment, nonce)
) STRICT;

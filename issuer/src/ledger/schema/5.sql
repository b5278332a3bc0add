-- Version 5. The log as a Merkle tree (RFC 6962, with SHA-256), of which the leaves are those of the events.

-- With its salt an answer is bound into the event `request.answered`. NULL: it was answered before there was such an event, or
-- erased with a customer; then `answer` is empty and `arguments` zero.
ALTER TABLE request ADD COLUMN salt BLOB CHECK (salt IS NULL OR length(salt) = 32);

-- Who was erased is asked for by every check.
CREATE INDEX event_customer_erased ON event (kind, seq) WHERE kind = 'customer.erased';

-- The right edge: the roots of the perfect subtrees that the tree consists of, the largest first, 32 bytes each. One row.
CREATE TABLE log_edge (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  size  INTEGER NOT NULL CHECK (size >= 0),
  roots BLOB    NOT NULL CHECK (length(roots) % 32 = 0)
) STRICT;
INSERT INTO log_edge (one, size, roots) VALUES (1, 0, x'');

-- The roots of perfect subtrees of 256, 65 536, 16 777 216 … leaves. Those between are hashed from 256 of the next below.
CREATE TABLE log_node (
  level INTEGER NOT NULL CHECK (level > 0 AND level % 8 = 0),
  idx   INTEGER NOT NULL CHECK (idx >= 0),
  hash  BLOB    NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER log_node_is_never_changed BEFORE UPDATE ON log_node
BEGIN SELECT RAISE(ABORT, 'a whole subtree never changes'); END;
CREATE TRIGGER log_node_is_never_deleted BEFORE DELETE ON log_node
BEGIN SELECT RAISE(ABORT, 'a whole subtree never changes'); END;

-- What was signed of the log (C2SP tlog-checkpoint): the note of the first `seq` events, of which its own is the last.
CREATE TABLE checkpoint (
  seq  INTEGER PRIMARY KEY REFERENCES event (seq),
  kid  TEXT    NOT NULL REFERENCES signing_key (kid),
  note TEXT    NOT NULL
) STRICT;
CREATE INDEX checkpoint_by_key ON checkpoint (kid, seq);
CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;
CREATE TRIGGER checkpoint_is_never_deleted BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;

-- After each the log goes on under another name.
CREATE INDEX event_that_restores ON event (kind, seq) WHERE kind = 'ledger.restored';

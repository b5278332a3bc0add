-- Version 8. How many entries a list has, and which editions were for all.

ALTER TABLE status_list ADD COLUMN entries INTEGER NOT NULL DEFAULT 0 CHECK (entries >= 0);
UPDATE status_list SET entries = (SELECT COUNT(*) FROM status_entry WHERE status_entry.list = status_list.id);
CREATE TRIGGER status_entry_is_counted AFTER INSERT ON status_entry
BEGIN UPDATE status_list SET entries = entries + 1 WHERE id = NEW.list; END;

-- Whether an edition was signed for all, and not for one deployment alone. Of those that are there already the log tells.
ALTER TABLE list_edition ADD COLUMN published INTEGER NOT NULL DEFAULT 1 CHECK (published IN (0, 1));
UPDATE list_edition SET published =
  (SELECT json_extract(CAST(event.leaf AS TEXT), '$.body.enclosed') IS NULL FROM event WHERE event.seq = list_edition.seq);

-- All that a list says is in the index, so that it is read in order and from one place, however large the table is.
DROP INDEX status_entry_not_valid;
CREATE INDEX status_entry_not_valid ON status_entry (list, idx, status, since, grace) WHERE status <> 0;

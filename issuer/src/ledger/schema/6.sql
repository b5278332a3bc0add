-- Version 6. What deployments report of their use.

-- Every report that was brought, as it was signed by its deployment. `sha256` is that of the token, in hex; `sequence` counts the
-- deployment's reports from 1, and `previous` is the hash of the one before. Two of one number are two histories.
CREATE TABLE usage_report (
  sha256     TEXT    PRIMARY KEY CHECK (length(sha256) = 64),
  seq        INTEGER NOT NULL UNIQUE REFERENCES event (seq),
  license_id TEXT    NOT NULL,
  deployment TEXT    NOT NULL,
  report     TEXT    NOT NULL,
  sequence   INTEGER NOT NULL CHECK (sequence >= 1),
  previous   TEXT,
  from_at    INTEGER NOT NULL,
  to_at      INTEGER NOT NULL,
  anomalies  TEXT    NOT NULL,
  token      TEXT    NOT NULL,
  FOREIGN KEY (license_id, deployment) REFERENCES deployment (license_id, id),
  CHECK (from_at <= to_at),
  CHECK ((sequence = 1) = (previous IS NULL))
) STRICT;
CREATE INDEX usage_report_by_deployment ON usage_report (deployment, sequence, seq);
CREATE INDEX usage_report_by_license ON usage_report (license_id, deployment, seq);
-- Its token is erased with the customer, and nothing else ever changes.
CREATE TRIGGER usage_report_is_never_changed BEFORE UPDATE ON usage_report
WHEN NEW.token <> '' OR NEW.sha256 <> OLD.sha256 OR NEW.seq <> OLD.seq OR NEW.license_id <> OLD.license_id
  OR NEW.deployment <> OLD.deployment OR NEW.report <> OLD.report OR NEW.sequence <> OLD.sequence
  OR NEW.previous IS NOT OLD.previous OR NEW.from_at <> OLD.from_at OR NEW.to_at <> OLD.to_at
  OR NEW.anomalies <> OLD.anomalies
BEGIN SELECT RAISE(ABORT, 'a report is kept as it was brought'); END;
CREATE TRIGGER usage_report_is_never_deleted BEFORE DELETE ON usage_report
BEGIN SELECT RAISE(ABORT, 'a report is kept as it was brought'); END;

-- Alerts that the desk itself lets sleep: because of a maintenance window (0), or of another alert (its
-- number).
ALTER TABLE alert ADD COLUMN quiet_by INTEGER;
CREATE INDEX alert_quiet ON alert (quiet_by, id) WHERE quiet_by IS NOT NULL;

-- Single maintenance windows; recurring ones are configured.
CREATE TABLE maintenance (
  id         INTEGER PRIMARY KEY,
  state      TEXT NOT NULL,
  until      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX maintenance_until ON maintenance (until) WHERE state = 'active';

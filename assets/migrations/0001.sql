-- The first shape of the store. Bodies are JSON; columns beside them exist only to find rows.
-- Times are microseconds since 1970-01-01 UTC.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- The numbered history: every fact, in order, chained by hash.
CREATE TABLE change (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  alert   INTEGER,
  partner TEXT,
  body    TEXT NOT NULL,
  hash    BLOB NOT NULL
);
CREATE INDEX change_alert ON change (alert, seq) WHERE alert IS NOT NULL;

CREATE TABLE event (
  id          INTEGER PRIMARY KEY,
  source      TEXT NOT NULL,
  event_id    TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  state       TEXT NOT NULL,
  feed        TEXT NOT NULL,
  partner     TEXT,
  alert       INTEGER,
  created_at  INTEGER NOT NULL,
  body        TEXT NOT NULL,
  UNIQUE (source, event_id)
);
CREATE INDEX event_feed ON event (feed, created_at);
CREATE INDEX event_alert ON event (alert) WHERE alert IS NOT NULL;
CREATE INDEX event_partner ON event (partner, id) WHERE partner IS NOT NULL;
CREATE INDEX event_state ON event (state, id);

CREATE TABLE alert (
  id         INTEGER PRIMARY KEY,
  state      TEXT NOT NULL,
  partner    TEXT NOT NULL,
  next_due   INTEGER,
  updated_at INTEGER NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX alert_state ON alert (state, id);
CREATE INDEX alert_partner ON alert (partner, id);
CREATE INDEX alert_due ON alert (next_due) WHERE next_due IS NOT NULL;

-- By what a further exception finds the alert it belongs to; gone once the alert is resolved.
CREATE TABLE alert_key (
  key   TEXT NOT NULL,
  alert INTEGER NOT NULL,
  PRIMARY KEY (key, alert)
) WITHOUT ROWID;
CREATE INDEX alert_key_alert ON alert_key (alert);

CREATE TABLE notification (
  id         INTEGER PRIMARY KEY,
  state      TEXT NOT NULL,
  channel    TEXT NOT NULL,
  medium     TEXT NOT NULL,
  urgent     INTEGER NOT NULL,
  alert      INTEGER,
  partner    TEXT,
  due_at     INTEGER,
  in_flight  INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body       TEXT NOT NULL
);
-- Claimed and not answered for, whatever a receipt that was faster than the answer made of the state.
CREATE INDEX notification_in_flight ON notification (id) WHERE in_flight = 1;
CREATE INDEX notification_due ON notification (channel, urgent, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notification_alert ON notification (alert) WHERE alert IS NOT NULL;
CREATE INDEX notification_state ON notification (state, id);
CREATE INDEX notification_partner ON notification (partner, id) WHERE partner IS NOT NULL;

CREATE TABLE task (
  id       INTEGER PRIMARY KEY,
  state    TEXT NOT NULL,
  key      TEXT NOT NULL,
  alert    INTEGER,
  partner  TEXT,
  next_due INTEGER,
  body     TEXT NOT NULL
);
CREATE INDEX task_state ON task (state, id);
CREATE INDEX task_due ON task (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX task_key ON task (key) WHERE state <> 'done';

CREATE TABLE partner (
  id         TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE contact (
  id         TEXT PRIMARY KEY,
  partner    TEXT,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX contact_partner ON contact (partner);

CREATE TABLE config (
  version INTEGER PRIMARY KEY,
  sha256  TEXT NOT NULL,
  body    TEXT NOT NULL
);

-- What each command answered, so that asking again gives the same answer.
CREATE TABLE command (
  id    TEXT PRIMARY KEY,
  asker TEXT NOT NULL,
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL
) WITHOUT ROWID;

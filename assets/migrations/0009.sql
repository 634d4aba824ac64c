-- What people agree beside the plan of who is on call, found by when it ends; and the last good copy of
-- each calendar that is read from elsewhere.

CREATE TABLE oncall_override (
  id         INTEGER PRIMARY KEY,
  state      TEXT NOT NULL,
  schedule   TEXT NOT NULL,
  until      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX oncall_override_ends ON oncall_override (state, until);

CREATE TABLE roster (
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

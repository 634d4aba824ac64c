-- Roles of partners that operators gave to people, beside those of the configuration file.

CREATE TABLE assignment (
  id         TEXT PRIMARY KEY,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX assignment_active ON assignment (id) WHERE state = 'active';

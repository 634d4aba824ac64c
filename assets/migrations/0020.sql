-- Queries that people keep under a name; those that all may use are configured.
CREATE TABLE saved_view (
  id         TEXT PRIMARY KEY,
  person     TEXT NOT NULL,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX saved_view_of ON saved_view (person, id) WHERE state = 'active';

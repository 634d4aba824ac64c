-- Hand-overs: one ahead of every schedule that policies ask, and all there were.
CREATE TABLE handover (
  id         INTEGER PRIMARY KEY,
  state      TEXT    NOT NULL,
  schedule   TEXT    NOT NULL,
  due_at     INTEGER,
  created_at INTEGER NOT NULL,
  body       TEXT    NOT NULL
);
CREATE INDEX handover_state ON handover (state, id);
CREATE INDEX handover_due ON handover (due_at) WHERE due_at IS NOT NULL;

-- The messages that may be answered with ACCEPT, and what that accepts.
CREATE TABLE handover_asked (
  notification INTEGER PRIMARY KEY,
  handover     INTEGER NOT NULL
);

-- What was last said of each exception, so that a report that comes again or late is known for what it is.

CREATE TABLE exception (
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

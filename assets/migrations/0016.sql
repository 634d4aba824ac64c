-- When a message to a person was last proven to have arrived, for whoever must be tested before they are
-- relied on.
ALTER TABLE notification ADD COLUMN proven_at INTEGER;
UPDATE notification SET proven_at = updated_at WHERE state IN ('delivered', 'read') AND person IS NOT NULL;
CREATE INDEX notification_proven ON notification (person, medium, proven_at) WHERE proven_at IS NOT NULL;

-- Tests at the start of a shift, each once.
CREATE TABLE shift_test (
  id         TEXT PRIMARY KEY,
  person     TEXT NOT NULL,
  state      TEXT NOT NULL,
  next_due   INTEGER,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX shift_test_due ON shift_test (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX shift_test_person ON shift_test (person, created_at);

-- One page may speak of several alerts.
CREATE TABLE covered (
  alert        INTEGER NOT NULL,
  notification INTEGER NOT NULL,
  PRIMARY KEY (alert, notification)
) WITHOUT ROWID;

-- When a message that a person did not ask for left last, for what they are to get at most.
ALTER TABLE notification ADD COLUMN left_at INTEGER;
CREATE INDEX notification_left ON notification (person, medium, left_at) WHERE left_at IS NOT NULL;

-- When the agent was last seen at work: one row.
CREATE TABLE seen_at_work (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
);

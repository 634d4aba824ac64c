-- What providers call the parts of messages, where their receipts don't carry our own name.
CREATE TABLE message_name (
  channel      TEXT NOT NULL,
  name         TEXT NOT NULL,
  notification INTEGER NOT NULL,
  attempt      INTEGER NOT NULL,
  part         INTEGER NOT NULL,
  PRIMARY KEY (channel, name, notification, attempt)
) WITHOUT ROWID;

-- The address to which an attempt may or may not have gone.
ALTER TABLE notification ADD COLUMN doubt_to TEXT;
CREATE INDEX notification_doubt ON notification (doubt_to) WHERE doubt_to IS NOT NULL;

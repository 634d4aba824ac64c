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

-- Messages that wait until a provider works again.
ALTER TABLE notification ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notification_parked ON notification (urgent, id) WHERE parked = 1;

-- By when delivery is to be proven.
ALTER TABLE notification ADD COLUMN proof_by INTEGER;
CREATE INDEX notification_proof ON notification (proof_by) WHERE proof_by IS NOT NULL;

-- When a provider that does not tell by itself is next asked how an attempt fared.
CREATE TABLE inquiry (
  channel      TEXT NOT NULL,
  notification INTEGER NOT NULL,
  attempt      INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  PRIMARY KEY (channel, notification, attempt)
) WITHOUT ROWID;
CREATE INDEX inquiry_due ON inquiry (channel, due_at);

-- The health of the ways out.
CREATE TABLE provider (
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

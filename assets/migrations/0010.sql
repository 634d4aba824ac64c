-- What people write back; the same one never acts twice.
CREATE TABLE reply (
  id         TEXT PRIMARY KEY,
  state      TEXT NOT NULL,
  sender     TEXT NOT NULL,
  answered   INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX reply_sender ON reply (sender, created_at);
CREATE INDEX reply_created ON reply (created_at);

-- Whose number or mailbox it is.
CREATE TABLE contact_address (
  address TEXT NOT NULL,
  contact TEXT NOT NULL,
  PRIMARY KEY (address, contact)
) WITHOUT ROWID;
CREATE INDEX contact_address_contact ON contact_address (contact);
INSERT OR IGNORE INTO contact_address (address, contact)
  SELECT lower(trim(a.value)), c.id FROM contact c, json_each(c.body, '$.phones') a
  UNION SELECT lower(trim(a.value)), c.id FROM contact c, json_each(c.body, '$.emails') a;

-- What a person of the desk was told about an alert, the newest first.
ALTER TABLE notification ADD COLUMN person TEXT;
UPDATE notification SET person = json_extract(body, '$.recipient.id') WHERE contact IS NULL;
CREATE INDEX notification_person ON notification (person, id) WHERE person IS NOT NULL AND alert IS NOT NULL;

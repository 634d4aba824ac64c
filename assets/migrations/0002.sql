-- What partners bring: cases, documents, threads, milestones; and what is expected or suppressed.

CREATE TABLE partner_case (
  partner    TEXT NOT NULL,
  id         TEXT NOT NULL,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (partner, id)
) WITHOUT ROWID;
CREATE INDEX partner_case_id ON partner_case (id);
CREATE INDEX partner_case_created ON partner_case (created_at DESC, id);
CREATE INDEX partner_case_state ON partner_case (state, created_at DESC, id);
CREATE INDEX partner_case_partner ON partner_case (partner, created_at DESC, id);

CREATE TABLE document (
  partner    TEXT NOT NULL,
  id         TEXT NOT NULL,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (partner, id)
) WITHOUT ROWID;
CREATE INDEX document_id ON document (id);
CREATE INDEX document_created ON document (created_at DESC, id);
CREATE INDEX document_state ON document (state, created_at DESC, id);
CREATE INDEX document_partner ON document (partner, created_at DESC, id);

CREATE TABLE thread (
  partner    TEXT NOT NULL,
  id         TEXT NOT NULL,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (partner, id)
) WITHOUT ROWID;
CREATE INDEX thread_id ON thread (id);
CREATE INDEX thread_created ON thread (created_at DESC, id);
CREATE INDEX thread_state ON thread (state, created_at DESC, id);
CREATE INDEX thread_partner ON thread (partner, created_at DESC, id);

CREATE TABLE milestone (
  id         TEXT PRIMARY KEY,
  partner    TEXT NOT NULL,
  state      TEXT NOT NULL,
  next_due   INTEGER,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX milestone_partner ON milestone (partner, created_at DESC, id);
CREATE INDEX milestone_created ON milestone (created_at DESC, id);
CREATE INDEX milestone_state ON milestone (state, created_at DESC, id);
CREATE INDEX milestone_due ON milestone (next_due) WHERE next_due IS NOT NULL;

CREATE TABLE expectation (
  id         TEXT PRIMARY KEY,
  state      TEXT NOT NULL,
  next_due   INTEGER,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX expectation_due ON expectation (next_due) WHERE next_due IS NOT NULL;

CREATE TABLE suppression (
  id    TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  body  TEXT NOT NULL
) WITHOUT ROWID;

-- Messages to a contact that wait, found when the contact becomes known, leaves or changes.
ALTER TABLE notification ADD COLUMN contact TEXT;
CREATE INDEX notification_contact ON notification (contact, id) WHERE contact IS NOT NULL;

CREATE INDEX task_partner ON task (partner, id) WHERE partner IS NOT NULL;
CREATE INDEX partner_created ON partner (created_at DESC, id);
CREATE INDEX contact_created ON contact (created_at DESC, id);
CREATE INDEX contact_of_partner ON contact (partner, created_at DESC, id);
DROP INDEX contact_partner;

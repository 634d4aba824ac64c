-- Who wants messages and who does not, in whose words, on what evidence. It only grows.
CREATE TABLE consent (
  id         INTEGER PRIMARY KEY,
  address    TEXT,
  contact    TEXT,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX consent_address ON consent (address, id) WHERE address IS NOT NULL;
CREATE INDEX consent_contact ON consent (contact, id) WHERE contact IS NOT NULL;
CREATE TRIGGER consent_never_changes BEFORE UPDATE ON consent
BEGIN
  SELECT RAISE(ABORT, 'the consent ledger only grows');
END;
CREATE TRIGGER consent_never_shrinks BEFORE DELETE ON consent
BEGIN
  SELECT RAISE(ABORT, 'the consent ledger only grows');
END;
-- REPLACE would take an entry away without a word.
CREATE TRIGGER consent_is_said_once BEFORE INSERT ON consent
WHEN EXISTS (SELECT 1 FROM consent WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'the consent ledger only grows');
END;

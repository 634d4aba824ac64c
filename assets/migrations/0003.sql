-- Contacts that the community or a spreadsheet keeps as well: what each side last said, and what
-- both agreed on.

CREATE TABLE link (
  contact      TEXT NOT NULL,
  side         TEXT NOT NULL,
  community_id TEXT,
  external_id  TEXT,
  -- The community is to be asked for the contact.
  look_since   INTEGER,
  conflicts    INTEGER NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (contact, side)
) WITHOUT ROWID;
CREATE INDEX link_community ON link (community_id) WHERE community_id IS NOT NULL;
CREATE INDEX link_external ON link (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX link_look ON link (look_since) WHERE look_since IS NOT NULL;
CREATE INDEX link_conflicts ON link (contact) WHERE conflicts > 0;

-- Counts up with every write of a contact, so that one can see which were written since.
ALTER TABLE contact ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contact_touched ON contact (touched);

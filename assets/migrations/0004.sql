-- Digests: one row a run, whose name no second run can have; and what they look for.

CREATE TABLE digest_run (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  state      TEXT NOT NULL,
  at         INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
-- The last run by the schedule; those asked for by hand are none of its business.
CREATE INDEX digest_run_last ON digest_run (name, at) WHERE state <> 'by_hand';
CREATE INDEX digest_run_created ON digest_run (name, created_at);

-- When it was over: set for what is closed, and only then.
ALTER TABLE partner_case ADD COLUMN closed_at INTEGER;
ALTER TABLE document ADD COLUMN closed_at INTEGER;
ALTER TABLE thread ADD COLUMN closed_at INTEGER;
CREATE INDEX partner_case_closed ON partner_case (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX document_closed ON document (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX thread_closed ON thread (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX partner_case_open ON partner_case (partner, id) WHERE state <> 'resolved';
CREATE INDEX alert_closed ON alert (updated_at) WHERE state = 'resolved';

-- Lists narrowed by partner and state, tasks by who is to do them and when, partners by name, and the
-- history of one thing of a partner's. Each index gives its rows in the order in which they are shown.

DROP INDEX event_partner;
CREATE INDEX event_of_partner ON event (partner, state, id) WHERE partner IS NOT NULL;
DROP INDEX alert_partner;
CREATE INDEX alert_of_partner ON alert (partner, state, id);
DROP INDEX notification_partner;
CREATE INDEX notification_of_partner ON notification (partner, state, id) WHERE partner IS NOT NULL;

ALTER TABLE task ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN team TEXT;
ALTER TABLE task ADD COLUMN owner TEXT;
ALTER TABLE task ADD COLUMN due_at INTEGER;
UPDATE task SET kind = body ->> '$.kind', team = body ->> '$.team', owner = body ->> '$.owner',
  due_at = unixepoch(body ->> '$.due_at') * 1000000;
DROP INDEX task_partner;
CREATE INDEX task_of_partner ON task (partner, state, id) WHERE partner IS NOT NULL;
CREATE INDEX task_alert ON task (alert, id) WHERE alert IS NOT NULL;
CREATE INDEX task_owner ON task (owner, state, id) WHERE owner IS NOT NULL;
CREATE INDEX task_team ON task (team, state, id) WHERE team IS NOT NULL;
CREATE INDEX task_kind ON task (kind, state, id);
CREATE INDEX task_by_due ON task (state, due_at, id);

-- What people call it, which need not be its id.
ALTER TABLE partner_case ADD COLUMN reference TEXT;
UPDATE partner_case SET reference = body ->> '$.reference';
CREATE INDEX partner_case_reference ON partner_case (reference);
CREATE INDEX partner_case_of ON partner_case (partner, state, created_at DESC, id);
CREATE INDEX partner_case_unsettled ON partner_case (partner, created_at DESC, id) WHERE state <> 'resolved';
DROP INDEX document_partner;
CREATE INDEX document_of_partner ON document (partner, state, created_at DESC, id);
DROP INDEX thread_partner;
CREATE INDEX thread_of_partner ON thread (partner, state, created_at DESC, id);

-- In lower case, to be looked for.
ALTER TABLE partner ADD COLUMN name TEXT NOT NULL DEFAULT '';
UPDATE partner SET name = lower(body ->> '$.name');
CREATE INDEX partner_name ON partner (name, id);

-- Which case, document, thread or milestone of the partner a fact is about: `case CASE-7`.
ALTER TABLE change ADD COLUMN thing TEXT;
CREATE INDEX change_thing ON change (partner, thing, seq) WHERE thing IS NOT NULL;

-- What waits for a contact is found without walking all that they ever got.
CREATE INDEX notification_waiting ON notification (contact, id) WHERE state IN ('queued', 'held');
CREATE INDEX notification_held ON notification (contact) WHERE state = 'held';

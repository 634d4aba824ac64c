-- When the newest alerts of a partner were raised, whatever their state: so many within a short time are a
-- storm. Alerts of before have no time here, and count for none.
ALTER TABLE alert ADD COLUMN created_at INTEGER;
CREATE INDEX alert_newest ON alert (partner, id, created_at);

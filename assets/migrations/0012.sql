-- The newest alerts of a partner, whatever their state: so many within a short time are a storm.
CREATE INDEX alert_newest ON alert (partner, id);

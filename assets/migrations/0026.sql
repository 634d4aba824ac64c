-- What failed to reach somebody of the desk: known until something is proven to arrive there.
CREATE INDEX notification_failed ON notification (person, medium, id)
  WHERE person IS NOT NULL AND state IN ('failed', 'bounced');

-- What still waits to leave for somebody of the desk, which every page that leaves asks for.
CREATE INDEX notification_to_leave ON notification (person, medium, id)
  WHERE person IS NOT NULL AND (state IN ('queued', 'held') OR due_at IS NOT NULL OR parked = 1);

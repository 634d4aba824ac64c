-- Messages of one conversation to one recipient leave in the order in which they were written: a newer
-- one is not claimed while an older one waits or is on its way. `line` names the conversation, the
-- recipient and the medium; `behind` is 1 while another must leave first.
ALTER TABLE notification ADD COLUMN line TEXT;
ALTER TABLE notification ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notification_line ON notification (line, id)
  WHERE line IS NOT NULL AND (due_at IS NOT NULL OR in_flight = 1);
CREATE INDEX notification_next ON notification (channel, urgent, due_at) WHERE due_at IS NOT NULL AND behind = 0;

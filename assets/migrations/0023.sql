-- Texts that people write, as their parts come in: kept until the whole is taken, and known for a while when
-- a provider that heard no answer gives them again.
CREATE TABLE gathering (
  channel TEXT NOT NULL,
  id      TEXT NOT NULL,
  -- 1 until it was taken.
  open    INTEGER NOT NULL,
  since   INTEGER NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (channel, id)
) WITHOUT ROWID;
CREATE INDEX gathering_since ON gathering (open, since);
CREATE INDEX gathering_open ON gathering (channel, since, id) WHERE open = 1;

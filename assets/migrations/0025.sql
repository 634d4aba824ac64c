-- Up to which letter the folder of a mail server is done with.
CREATE TABLE mailbox_mark (
  mailbox  TEXT PRIMARY KEY,
  validity INTEGER NOT NULL,
  uid      INTEGER NOT NULL
) WITHOUT ROWID;

-- MESSAGEs for who was offline. Times are milliseconds since 1970.
CREATE TABLE messages (
    id      INTEGER PRIMARY KEY NOT NULL, -- goes up: they are delivered in this order
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sender  TEXT NOT NULL,                -- the extension it came from
    request BLOB NOT NULL,                -- as it is delivered
    expires INTEGER NOT NULL              -- it is not delivered after this
) STRICT;
CREATE INDEX messages_of_account ON messages (account, id);

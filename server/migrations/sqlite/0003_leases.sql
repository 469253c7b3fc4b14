-- Which tab holds the line of an account, and what the line was last. Times are milliseconds since 1970.
CREATE TABLE leases (
    account      INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch        INTEGER NOT NULL,
    instance     TEXT NOT NULL,
    contact_user TEXT NOT NULL,
    call_id      TEXT NOT NULL,
    holder       TEXT,                        -- the name of the tab that had it last
    line         TEXT,                        -- LineState as JSON
    line_at      INTEGER,
    snapshot     TEXT,
    snapshot_at  INTEGER
) STRICT;

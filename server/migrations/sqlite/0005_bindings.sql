-- Where the phones of an account are registered: they are waited for after a restart. Times are milliseconds
-- since 1970.
CREATE TABLE bindings (
    account INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    saved   BLOB NOT NULL,    -- all of them, as the exchange writes them
    written INTEGER NOT NULL
) STRICT;

-- Calls that were answered and are not over.
CREATE TABLE calls (
    number  INTEGER PRIMARY KEY NOT NULL,
    saved   BLOB NOT NULL,
    written INTEGER NOT NULL
) STRICT;

-- What a machine of the exchange knows as a whole, by its name.
CREATE TABLE snapshots (
    name    TEXT PRIMARY KEY NOT NULL,
    saved   BLOB NOT NULL,
    written INTEGER NOT NULL
) STRICT;

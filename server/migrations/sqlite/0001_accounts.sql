-- What is chosen when the data directory is made, by name.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT;

-- Who may be which extension. Numbers are never used again: identities are account ids.
CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    extension     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,              -- argon2id, as a PHC string
    ha1_nonce     BLOB NOT NULL,              -- of the encryption below
    ha1           BLOB NOT NULL,              -- MD5 and SHA-256 of user:realm:password, encrypted with the server's key
    enabled       INTEGER NOT NULL DEFAULT 1,
    generation    INTEGER NOT NULL DEFAULT 0, -- goes up with every new password: older sessions end
    created       INTEGER NOT NULL            -- seconds since 1970
) STRICT;

-- One number that goes up with every change of an account, so that a running server notices what the
-- command line did by reading one row.
CREATE TABLE account_changes (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO account_changes (only, value) VALUES (1, 0);
CREATE TRIGGER account_added AFTER INSERT ON accounts
    BEGIN UPDATE account_changes SET value = value + 1; END;
CREATE TRIGGER account_changed AFTER UPDATE ON accounts
    BEGIN UPDATE account_changes SET value = value + 1; END;
CREATE TRIGGER account_removed AFTER DELETE ON accounts
    BEGIN UPDATE account_changes SET value = value + 1; END;

-- Who is signed in where. Older sessions lie in a form that says nothing of them: their people log in once more.
DROP TABLE tower_sessions;
CREATE TABLE sessions (
    number       INTEGER PRIMARY KEY AUTOINCREMENT, -- what names it: stays when its id changes, is never used again
    id           BLOB NOT NULL UNIQUE,              -- a hash of what the cookie holds
    account      INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    generation   INTEGER NOT NULL,                  -- the account's, at the login
    begun        INTEGER NOT NULL,                  -- seconds since 1970, as what follows
    seen         INTEGER NOT NULL,                  -- the last use
    ends         INTEGER NOT NULL,                  -- in any case
    browser      TEXT NOT NULL,                     -- in words
    address      TEXT NOT NULL,                     -- of the last use
    secret_nonce BLOB,                              -- of the encryption below
    secret       BLOB                               -- what signs for the company's PBX, encrypted with the server's key
) STRICT;
CREATE INDEX sessions_account ON sessions (account);

-- Until when a first password that somebody else made lets in, to be changed; NULL when it is the person's own.
ALTER TABLE accounts ADD COLUMN initial_until INTEGER;
-- Whose password the company's PBX of this name knows; NULL when it is in this table.
ALTER TABLE accounts ADD COLUMN pbx TEXT;
CREATE INDEX accounts_folded ON accounts (lower(extension));

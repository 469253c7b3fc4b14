-- What people wrote and were written (MESSAGE), one row each, for every account. Times are milliseconds since 1970.
CREATE TABLE conversations (
    id       INTEGER PRIMARY KEY NOT NULL,       -- goes up: this is their order
    account  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    peer     TEXT NOT NULL,                      -- the other one: what to dial
    incoming INTEGER NOT NULL,
    call_id  TEXT NOT NULL,                      -- with peer and direction it names the message, however often it comes or goes
    name     TEXT NOT NULL,                      -- what the other one is called, if that was said
    body     TEXT NOT NULL,                      -- the text; of a message that was refused, its type
    folded   TEXT NOT NULL,                      -- peer, name and text in lower case, to be searched
    written  INTEGER NOT NULL,                   -- when
    state    INTEGER NOT NULL,                   -- 0 to be sent, 1 accepted, 2 kept for them, 3 delivered, 4 failed; 5 came, 6 refused
    reason   TEXT NOT NULL,                      -- why it failed, as JSON
    attempt  INTEGER NOT NULL,                   -- which time it is sent
    seen     INTEGER NOT NULL,
    removed  INTEGER NOT NULL DEFAULT 0          -- empty but for its key: it does not come back when it comes again
) STRICT;
CREATE UNIQUE INDEX conversations_messages ON conversations (account, peer, incoming, call_id);
CREATE INDEX conversations_pages ON conversations (account, peer, id) WHERE removed = 0;
CREATE INDEX conversations_order ON conversations (account, id) WHERE removed = 0;
CREATE INDEX conversations_unseen ON conversations (account, peer, id) WHERE removed = 0 AND incoming = 1 AND seen = 0;
CREATE INDEX conversations_to_send ON conversations (account, peer, id) WHERE removed = 0 AND state = 0;
CREATE INDEX conversations_sent ON conversations (call_id) WHERE incoming = 0;
CREATE INDEX conversations_removed ON conversations (written) WHERE removed = 1;

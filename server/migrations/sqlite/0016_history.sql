-- The calls of every account, one row each. Times are milliseconds since 1970.
CREATE TABLE history (
    id          INTEGER PRIMARY KEY NOT NULL,
    account     INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    call_id     TEXT NOT NULL,
    local_tag   TEXT NOT NULL,                -- of who reported it; empty for a call that came in as the exchange saw it
    by_exchange INTEGER NOT NULL,             -- nobody who had the line reported it (yet)
    incoming    INTEGER NOT NULL,
    number      TEXT NOT NULL,                -- what to dial to reach the other one
    name        TEXT NOT NULL,
    folded      TEXT NOT NULL,                -- both in lower case, to be searched
    begun       INTEGER NOT NULL,
    answered    INTEGER,
    ended       INTEGER,                      -- NULL as long as it goes on
    reason      TEXT NOT NULL,                -- why it is over, as JSON
    missed      INTEGER NOT NULL,
    seen        INTEGER NOT NULL DEFAULT 0,   -- the person was told that it was missed
    removed     INTEGER NOT NULL DEFAULT 0,   -- empty but for its key: a report that comes again does not bring it back
    score       INTEGER,                      -- how well it was heard: a MOS estimate in tenths, NULL if it was not measured
    worst       INTEGER,
    lost        INTEGER,                      -- of a thousand packets
    jitter      INTEGER,                      -- in milliseconds, as what follows
    round_trip  INTEGER,
    codec       TEXT
) STRICT;
CREATE UNIQUE INDEX history_calls ON history (account, call_id, local_tag);
CREATE INDEX history_pages ON history (account, begun, id) WHERE removed = 0;
CREATE INDEX history_directions ON history (account, incoming, begun, id) WHERE removed = 0;
CREATE INDEX history_missed ON history (account, begun, id) WHERE removed = 0 AND missed = 1;
CREATE INDEX history_unseen ON history (account) WHERE removed = 0 AND missed = 1 AND seen = 0;
CREATE INDEX history_open ON history (call_id) WHERE ended IS NULL;
CREATE INDEX history_removed ON history (begun) WHERE removed = 1;

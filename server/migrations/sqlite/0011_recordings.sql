-- What people recorded of their calls. The sound lies in files beside the database, named by id: they are large, and are
-- written piece by piece while the call goes on.
CREATE TABLE recordings (
    id TEXT PRIMARY KEY NOT NULL,                                 -- random
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    number TEXT NOT NULL,                                 -- with whom, as they were called
    name TEXT NOT NULL,
    kind TEXT NOT NULL,                                   -- audio/webm and the like
    began_at INTEGER NOT NULL,                            -- milliseconds since 1970
    changed_at INTEGER NOT NULL,
    pieces INTEGER NOT NULL DEFAULT 0,                    -- how many are in the file
    bytes INTEGER NOT NULL DEFAULT 0                      -- what follows in the file was never finished
) STRICT;
CREATE INDEX recordings_of ON recordings (account, began_at);

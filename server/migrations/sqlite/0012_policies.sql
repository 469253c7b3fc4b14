-- What an administrator set about media. What is NULL is as for everybody; for everybody it is as Tabphone has it.
CREATE TABLE media_policies (
    account        INTEGER REFERENCES accounts (id) ON DELETE CASCADE, -- NULL: everybody
    ice            TEXT CHECK (ice IN ('none', 'all', 'relay')),
    trickle        INTEGER,
    codecs         TEXT,                      -- the best first, with commas between them
    without_codecs TEXT,
    audio_kbit     INTEGER,                   -- of this and of what follows 0 is no limit
    video_kbit     INTEGER,
    video_height   INTEGER,
    video_rate     INTEGER,                   -- pictures a second
    digits         TEXT CHECK (digits IN ('auto', 'rtp', 'info'))
) STRICT;
CREATE UNIQUE INDEX media_policies_by_account ON media_policies (COALESCE(account, 0));

-- One number that goes up with every change of the above, as with accounts.
CREATE TABLE media_changes (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO media_changes (only, value) VALUES (1, 0);
CREATE TRIGGER media_policy_added AFTER INSERT ON media_policies
    BEGIN UPDATE media_changes SET value = value + 1; END;
CREATE TRIGGER media_policy_changed AFTER UPDATE ON media_policies
    BEGIN UPDATE media_changes SET value = value + 1; END;
CREATE TRIGGER media_policy_removed AFTER DELETE ON media_policies
    BEGIN UPDATE media_changes SET value = value + 1; END;

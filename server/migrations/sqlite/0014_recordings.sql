-- How long a recording is, as the page that makes it says; and where in its file this stands, for players.
ALTER TABLE recordings ADD COLUMN milliseconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recordings ADD COLUMN duration_at INTEGER;
CREATE INDEX recordings_by_change ON recordings (changed_at);

-- Whether calls may be recorded. NULL is as for everybody; for everybody it is as Tabphone has it.
ALTER TABLE media_policies ADD COLUMN recording TEXT CHECK (recording IN ('off', 'allowed', 'announced'));

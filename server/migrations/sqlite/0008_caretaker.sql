-- What a line has to lose, and until when the caretaker keeps it. Snapshots and sessions are sealed with the server's key
-- from here on: a nonce, and what it encrypts. Those that were plain are dropped.
UPDATE leases SET snapshot = NULL, snapshot_at = NULL;
ALTER TABLE leases ADD COLUMN session BLOB;               -- of the tab that had it last
ALTER TABLE leases ADD COLUMN to_lose INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN minded_until INTEGER;

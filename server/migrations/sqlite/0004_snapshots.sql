-- Snapshots are bytes now. Those that were text are of a version that no page reads any more.
ALTER TABLE leases DROP COLUMN snapshot;
ALTER TABLE leases ADD COLUMN snapshot BLOB;

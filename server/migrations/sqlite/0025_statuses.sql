-- What people say of themselves to their colleagues; no row is nothing. What they want done with calls is in call_rules.
CREATE TABLE statuses (
    account  INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    activity TEXT NOT NULL,                   -- available, away or busy
    note     TEXT NOT NULL
) STRICT;
CREATE TRIGGER status_added AFTER INSERT ON statuses
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER status_changed AFTER UPDATE ON statuses
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER status_removed AFTER DELETE ON statuses
    BEGIN UPDATE call_changes SET value = value + 1; END;

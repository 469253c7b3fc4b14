-- What people want done with calls to them; no row is no wishes. Numbers are what a person would dial, so they stay
-- when whom they belong to goes.
CREATE TABLE call_rules (
    account        INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    do_not_disturb INTEGER NOT NULL DEFAULT 0,
    always         TEXT,                      -- all calls go there at once
    busy           TEXT,                      -- when a phone is busy, or calls are not wanted
    unanswered     TEXT,                      -- when they rang for the time below
    unreachable    TEXT,                      -- when no phone is on
    ringing        INTEGER                    -- seconds; the server's own time where it is not said
) STRICT;

-- Several extensions under one number.
CREATE TABLE call_groups (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    extension TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    in_turn   INTEGER NOT NULL DEFAULT 0,     -- one after the other; all at once otherwise
    ringing   INTEGER,                        -- seconds, of each member in turn or of all; the server's where not said
    otherwise TEXT                            -- where calls go that no member takes
) STRICT;
CREATE TABLE call_group_members (
    call_group INTEGER NOT NULL REFERENCES call_groups (id) ON DELETE CASCADE,
    place      INTEGER NOT NULL,              -- in which order they ring
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (call_group, account)
) STRICT;
CREATE INDEX call_group_members_by_account ON call_group_members (account);

-- A number is a person's or a group's, whichever process makes it.
CREATE TRIGGER call_group_number_is_free BEFORE INSERT ON call_groups
    WHEN EXISTS (SELECT 1 FROM accounts WHERE extension = NEW.extension)
    BEGIN SELECT RAISE(ABORT, 'this number is a person''s'); END;
CREATE TRIGGER call_group_number_stays_free BEFORE UPDATE OF extension ON call_groups
    WHEN EXISTS (SELECT 1 FROM accounts WHERE extension = NEW.extension)
    BEGIN SELECT RAISE(ABORT, 'this number is a person''s'); END;
CREATE TRIGGER account_number_is_free BEFORE INSERT ON accounts
    WHEN EXISTS (SELECT 1 FROM call_groups WHERE extension = NEW.extension)
    BEGIN SELECT RAISE(ABORT, 'this number is a group''s'); END;
CREATE TRIGGER account_number_stays_free BEFORE UPDATE OF extension ON accounts
    WHEN EXISTS (SELECT 1 FROM call_groups WHERE extension = NEW.extension)
    BEGIN SELECT RAISE(ABORT, 'this number is a group''s'); END;

-- One number that goes up with every change of the above, as with accounts.
CREATE TABLE call_changes (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO call_changes (only, value) VALUES (1, 0);
CREATE TRIGGER call_rules_added AFTER INSERT ON call_rules
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_rules_changed AFTER UPDATE ON call_rules
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_rules_removed AFTER DELETE ON call_rules
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_group_added AFTER INSERT ON call_groups
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_group_changed AFTER UPDATE ON call_groups
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_group_removed AFTER DELETE ON call_groups
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_group_member_added AFTER INSERT ON call_group_members
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER call_group_member_removed AFTER DELETE ON call_group_members
    BEGIN UPDATE call_changes SET value = value + 1; END;

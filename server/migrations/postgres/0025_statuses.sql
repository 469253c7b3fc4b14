-- As the migration of SQLite with this number.
CREATE TABLE statuses (
    account  BIGINT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    activity TEXT COLLATE "C" NOT NULL,
    note     TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER status_changed AFTER INSERT OR UPDATE OR DELETE ON statuses
    FOR EACH ROW EXECUTE FUNCTION call_changed();

-- As the migration of SQLite with this number.
CREATE TABLE message_notifications (
    account BIGINT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
);

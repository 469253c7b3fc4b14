-- Who wants no texts of messages in notifications.
CREATE TABLE message_notifications (
    account INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;

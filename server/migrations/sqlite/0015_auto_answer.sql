-- Whose calls may be answered by themselves: 'off', 'domain', or numbers with commas between them; and who agreed to it.
ALTER TABLE media_policies ADD COLUMN auto_answer TEXT;
CREATE TABLE auto_answer_consents (
    account INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER auto_answer_consent_added AFTER INSERT ON auto_answer_consents
    BEGIN UPDATE media_changes SET value = value + 1; END;
CREATE TRIGGER auto_answer_consent_removed AFTER DELETE ON auto_answer_consents
    BEGIN UPDATE media_changes SET value = value + 1; END;

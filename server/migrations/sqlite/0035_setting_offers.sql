-- What an administrator decided about settings, for everybody (no account) or for one. What is not in it each person sets.
CREATE TABLE setting_offers (
    account INTEGER REFERENCES accounts (id) ON DELETE CASCADE, -- NULL: everybody
    setting TEXT NOT NULL,
    offer   TEXT NOT NULL CHECK (offer IN ('offered', 'fixed', 'hidden')),
    value   TEXT                              -- what it is set to; NULL: what each person had set
) STRICT;
CREATE UNIQUE INDEX setting_offers_by_account ON setting_offers (COALESCE(account, 0), setting);
CREATE INDEX setting_offers_accounts ON setting_offers (account);
CREATE TRIGGER setting_offer_added AFTER INSERT ON setting_offers
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER setting_offer_changed AFTER UPDATE ON setting_offers
    BEGIN UPDATE call_changes SET value = value + 1; END;
CREATE TRIGGER setting_offer_removed AFTER DELETE ON setting_offers
    BEGIN UPDATE call_changes SET value = value + 1; END;

-- As the migration of SQLite with this number.
CREATE TABLE setting_offers (
    account BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    setting TEXT COLLATE "C" NOT NULL,
    offer   TEXT COLLATE "C" NOT NULL CHECK (offer IN ('offered', 'fixed', 'hidden')),
    value   TEXT COLLATE "C"
);
CREATE UNIQUE INDEX setting_offers_by_account ON setting_offers ((COALESCE(account, 0)), setting);
CREATE INDEX setting_offers_accounts ON setting_offers (account);
CREATE TRIGGER setting_offer_changed AFTER INSERT OR UPDATE OR DELETE ON setting_offers
    FOR EACH ROW EXECUTE FUNCTION call_changed();

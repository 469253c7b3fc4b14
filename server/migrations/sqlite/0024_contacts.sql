-- Contacts: the company's directory (book 0) and those of each person (the book has the number of their account).
CREATE TABLE contacts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    book      INTEGER NOT NULL,
    owner     INTEGER REFERENCES accounts (id) ON DELETE CASCADE,        -- NULL in the directory
    colleague INTEGER UNIQUE REFERENCES accounts (id) ON DELETE CASCADE, -- the account that stands in the directory here
    uid       TEXT NOT NULL,              -- as the file had it that it came from, or one of ours
    name      TEXT NOT NULL,
    company   TEXT NOT NULL,
    note      TEXT NOT NULL,
    sorted    TEXT NOT NULL,              -- the name, folded: the order of pages
    likeness  TEXT NOT NULL,              -- a hash of name and numbers: an import doubles nothing
    picture   INTEGER NOT NULL DEFAULT 0  -- goes up with each picture; 0 without one
) STRICT;
CREATE UNIQUE INDEX contacts_uids ON contacts (book, uid);
CREATE INDEX contacts_pages ON contacts (book, sorted, id);
CREATE INDEX contacts_likeness ON contacts (book, likeness);
CREATE INDEX contacts_owners ON contacts (owner);

CREATE TABLE contact_numbers (
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    place   INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    number  TEXT NOT NULL,                -- as it was written
    ending  TEXT NOT NULL,                -- the last digits, or the whole address: what a caller is looked up by
    PRIMARY KEY (contact, place)
) STRICT;
CREATE INDEX contact_endings ON contact_numbers (ending);

CREATE TABLE contact_groups (
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    folded  TEXT NOT NULL,
    name    TEXT NOT NULL,
    PRIMARY KEY (contact, folded)
) STRICT;
CREATE INDEX contact_groups_names ON contact_groups (folded);

-- The words of name, company, groups and numbers, folded: search looks for what begins like them.
CREATE TABLE contact_words (
    book    INTEGER NOT NULL,
    word    TEXT NOT NULL,
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (book, word, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_words_contacts ON contact_words (contact);

CREATE TABLE contact_pictures (
    contact INTEGER PRIMARY KEY NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,                -- image/png or image/jpeg
    bytes   BLOB NOT NULL
) STRICT;

CREATE TABLE favourites (
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (account, contact)
) STRICT;
CREATE INDEX favourites_contacts ON favourites (contact);

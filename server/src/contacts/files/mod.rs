//! Contacts as files: vCard (2.1, 3.0 and 4.0) and tables (CSV), read as far as they can be and written so that what was written
//! is read again. What was not understood is told line by line.

mod csv;
mod picture;
mod text;
mod vcard;

#[cfg(test)]
mod tests;

pub use picture::{LARGEST as LARGEST_PICTURE, PictureError, picture};
pub use vcard::Version;

use crate::store::contacts::{Book, Contact, Contacts, Details, Kept};
use crate::table;
use std::collections::BTreeMap;
use std::fmt;

/// The largest file, in bytes.
pub const LARGEST: usize = 16 << 20;
/// How many contacts of one file are read.
const MOST: usize = 100_000;
/// How many remarks are told one by one.
const REMARKS: usize = 200;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// vCard.
    Cards,
    /// A table.
    Table,
}

/// What a file has, and what was not understood.
#[derive(Debug, Default)]
pub struct Read {
    /// The contacts, each with the line where it begins.
    pub contacts: Vec<(u64, Details)>,
    /// What is to be said.
    pub report: Report,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many contacts are new.
    pub added: usize,
    /// How many were there, and are now as the file has them.
    pub changed: usize,
    /// How many were there.
    pub known: usize,
    /// How many contacts could not be kept.
    pub refused: usize,
    /// What is wrong with which line, the first ones.
    pub remarks: Vec<(u64, Remark)>,
    /// How many more remarks there are.
    pub more: usize,
    /// What is not kept here, by its name, with how often it came and where first.
    pub left_out: BTreeMap<String, (usize, u64)>,
}

/// Something in a file that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// The bytes are no UTF-8.
    #[error("the file is not in UTF-8; it was read as {0}, so look whether the letters are right")]
    Encoding(&'static str),
    /// It is not a contact.
    #[error("this stands outside of a contact, and was left out")]
    Outside,
    /// There is no name before a colon.
    #[error("this is no line of a vCard, and was left out")]
    Line,
    /// Another card begins before this one ended, or the file ends.
    #[error("the contact does not end (END:VCARD is missing); it was taken as far as it goes")]
    Unended,
    /// Far too much.
    #[error("the contact is larger than {} MB, and was left out", vcard::LARGEST_CARD >> 20)]
    LargeCard,
    /// The parser gave it up.
    #[error("the contact could not be read")]
    Card,
    /// There is no name, company or number.
    #[error("the contact has neither a name nor a company nor a number, and was left out")]
    Empty,
    /// A picture is somewhere else.
    #[error("the picture is only an address; pictures are not fetched")]
    PictureAddress,
    /// A picture cannot be used.
    #[error("the picture was left out: {0}")]
    Picture(PictureError),
    /// The pictures are too much work.
    #[error("the pictures from here on were left out: there is too much to them")]
    Pictures,
    /// Too many numbers.
    #[error("only the first {} numbers of the contact were taken", crate::store::contacts::MOST_NUMBERS)]
    Numbers,
    /// A field is not all there.
    #[error("something of the contact is too long, and was cut")]
    Cut,
    /// The first line names no columns.
    #[error(
        "the first line must name the columns, such as Name, Company, Work, Mobile, Home, SIP, Groups, Note; nothing was taken"
    )]
    Head,
    /// It is no table.
    #[error("this is no table from here on: {0}")]
    Table(String),
    /// There are too many.
    #[error("no more than {MOST} contacts of one file are read")]
    TooMany,
    /// The book is full.
    #[error("there is no room for it: {0} contacts are kept at most")]
    Full(i64),
}

impl Form {
    /// What a text is: one that has a card in it is one of cards.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let begins = |line: &str| line.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case("BEGIN:VCARD");
        if text.lines().any(begins) { Self::Cards } else { Self::Table }
    }
}

/// Reads a file; it takes its time.
#[must_use]
pub fn read(bytes: &[u8]) -> Read {
    let mut read = Read::default();
    let (text, encoding) = text::decode(bytes);
    if let Some(encoding) = encoding {
        read.report.remark(1, Remark::Encoding(encoding));
    }
    match Form::of(&text) {
        Form::Cards => vcard::read(&text, &mut read),
        Form::Table => csv::read(&text, &mut read),
    }
    read
}

/// Keeps what was read in a book.
///
/// # Errors
/// The database's.
pub async fn keep(contacts: &Contacts, book: Book, read: Read) -> Result<Report, sqlx::Error> {
    let Read { contacts: found, mut report } = read;
    let (lines, found): (Vec<u64>, Vec<Details>) = found.into_iter().unzip();
    for (line, kept) in lines.into_iter().zip(contacts.import(book, found).await?) {
        use crate::store::contacts::ContactError;
        match kept {
            Ok(Kept::Added) => report.added += 1,
            Ok(Kept::Changed) => report.changed += 1,
            Ok(Kept::Known) => report.known += 1,
            Err(ContactError::Full(most)) => report.refuse(line, Remark::Full(most)),
            Err(ContactError::Empty | ContactError::Missing | ContactError::Database(_)) => {
                report.refuse(line, Remark::Empty);
            }
        }
    }
    report.remarks.sort_by_key(|(line, _)| *line);
    Ok(report)
}

/// The contacts of a book as cards.
#[must_use]
pub fn cards(contacts: &[Contact], version: Version) -> String {
    contacts.iter().map(|contact| vcard::written(&contact.details, version)).collect()
}

/// The head of a table.
#[must_use]
pub fn table_head() -> String {
    format!("{}{}", table::MARK, table::line(csv::HEAD))
}

/// The contacts of a book as lines of a table.
#[must_use]
pub fn table_lines(contacts: &[Contact]) -> String {
    contacts.iter().map(|contact| csv::written(&contact.details)).collect()
}

impl Read {
    /// Takes a contact that was read; `false` when there are too many.
    fn take(&mut self, line: u64, details: Details) -> bool {
        if self.contacts.len() >= MOST {
            self.report.refuse(line, Remark::TooMany);
            return false;
        }
        let has_name = !details.name.trim().is_empty() || !details.company.trim().is_empty();
        if !has_name && details.numbers.iter().all(|number| number.number.trim().is_empty()) {
            self.report.refuse(line, Remark::Empty);
            return true;
        }
        if details.numbers.len() > crate::store::contacts::MOST_NUMBERS {
            self.report.remark(line, Remark::Numbers);
        }
        if is_cut(&details) {
            self.report.remark(line, Remark::Cut);
        }
        self.contacts.push((line, details));
        true
    }
}

fn is_cut(details: &Details) -> bool {
    use crate::store::contacts::{LONGEST_GROUP, LONGEST_NAME, LONGEST_NOTE, LONGEST_NUMBER};
    let longer = |text: &str, most: usize| text.trim().chars().nth(most).is_some();
    longer(&details.name, LONGEST_NAME)
        || longer(&details.company, LONGEST_NAME)
        || longer(&details.note, LONGEST_NOTE)
        || details.numbers.iter().any(|number| longer(&number.number, LONGEST_NUMBER))
        || details.groups.iter().any(|group| longer(group, LONGEST_GROUP))
}

impl Report {
    fn remark(&mut self, line: u64, remark: Remark) {
        if self.remarks.len() < REMARKS { self.remarks.push((line, remark)) } else { self.more += 1 }
    }

    fn refuse(&mut self, line: u64, remark: Remark) {
        self.refused += 1;
        self.remark(line, remark);
    }

    fn leave_out(&mut self, line: u64, name: &str) {
        let name: String = name.chars().filter(|sign| !sign.is_control()).take(40).collect();
        // A file can have any number of names.
        if self.left_out.len() < REMARKS || self.left_out.contains_key(&name) {
            self.left_out.entry(name).or_insert((0, line)).0 += 1;
        }
    }

    /// The remarks in words, each of a line.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> =
            self.remarks.iter().map(|(line, remark)| format!("line {line}: {remark}")).collect();
        if self.more > 0 {
            words.push(format!("and {} more lines like these", self.more));
        }
        words.extend(self.left_out.iter().map(|(name, (count, line))| {
            let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
            format!("line {line}: {name} is not kept here ({times} in the file)")
        }));
        words
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, changed, known, refused, .. } = self;
        write!(out, "{added} added, {changed} changed, {known} there already, {refused} not taken")
    }
}

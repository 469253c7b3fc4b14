use std::collections::BTreeMap;
use std::fmt::Display;
use std::hint::black_box;

/// What is read of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Of a request.
    Method,
    /// The Request-URI.
    Uri,
    /// Of a response.
    Status,
    /// From's tag.
    FromTag,
    /// From's URI.
    FromUri,
    /// To's URI.
    ToUri,
    /// The topmost Via's branch.
    Branch,
    /// CSeq's number.
    CSeq,
    /// The first Contact's URI.
    Contact,
}

/// Takes what an engine reads, so that one and the same code is measured and checked.
pub trait Sink {
    /// A typed value; it prints as what engines are compared by.
    fn take<T: Display>(&mut self, field: Field, value: &T);

    /// A typed value whose print would differ between engines, or that is not compared.
    fn touch<T>(&mut self, value: &T) {
        black_box(value);
    }
}

/// Takes all and does nothing: for measuring.
pub struct Spent;

impl Sink for Spent {
    fn take<T: Display>(&mut self, _field: Field, value: &T) {
        black_box(value);
    }
}

/// Keeps the text of all: for checking that engines agree. In lower case, because some write parameters so that
/// the case is lost, in which it is of no matter (RFC 3261 19.1.4).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen(pub BTreeMap<Field, String>);

impl Sink for Seen {
    fn take<T: Display>(&mut self, field: Field, value: &T) {
        self.0.insert(field, value.to_string().to_lowercase());
    }
}

/// A parser, ours or another's.
pub trait Engine {
    /// The crate and its version.
    const NAME: &'static str;
    /// What it makes of a message. It may borrow from the bytes.
    type Message<'a>;

    /// Parses.
    fn parse(bytes: &[u8]) -> Option<Self::Message<'_>>;

    /// Hands all [`Field`]s to the sink, typed. `None` if one that is there cannot be read.
    fn read(message: &Self::Message<'_>, sink: &mut impl Sink) -> Option<()>;

    /// Writes the message as it goes on the wire; `None` if the engine cannot.
    fn write(message: &Self::Message<'_>) -> Option<Vec<u8>>;
}

//! The laws of one header value.

use super::memory::{Bound, bounded};
use sip::message::{Header, HeaderError, HeaderName, Headers, Message, Response, Status, limits};

/// What reading a value may take.
pub const READ: Bound = Bound { per_byte: 64, fixed: 4096 };

/// Gives each header type its number, and what is done with all of them.
macro_rules! types {
    ($($header:ident)+) => {
        /// The names of the types, by number.
        pub const TYPES: &[&str] = &[$(stringify!($header)),+];

        /// The law of one value, for the type of that number.
        fn one(number: usize, value: &str) {
            let laws: &[fn(&str)] = &[$(value_law::<sip::header::$header>),+];
            laws[number % laws.len()](value);
        }

        /// Reads a value as the type of that number, and nothing else.
        pub fn read(number: usize, value: &str) -> bool {
            let reads: &[fn(&str) -> bool] = &[$(|value| sip::header::$header::parse(value).is_ok()),+];
            reads[number % reads.len()](value)
        }

        /// Reads all values of the fields as the type of that number, and nothing else.
        pub fn read_all(number: usize, headers: &Headers) -> bool {
            let reads: &[fn(&Headers) -> bool] = &[$(|headers| headers.all::<sip::header::$header>().is_ok()),+];
            reads[number % reads.len()](headers)
        }

        /// The name of the type of that number.
        pub fn name(number: usize) -> HeaderName {
            let names = [$(sip::header::$header::NAME),+];
            names[number % names.len()].clone()
        }

        /// The laws of all fields of a message, as every type.
        pub fn all(headers: &Headers) {
            $(field_law::<sip::header::$header>(headers);)+
        }
    };
}

types! {
    Via From To CallId CSeq Contact Route RecordRoute Path PAssertedIdentity MaxForwards Expires MinExpires
    ContentLength Allow Supported Require ProxyRequire Unsupported ContentType Accept Warning Reason RetryAfter Date
    UserAgent Server WwwAuthenticate ProxyAuthenticate Authorization ProxyAuthorization
}

/// One value: the first byte says of which header.
pub fn header(data: &[u8]) {
    let Some((number, value)) = data.split_first() else { return };
    let Ok(value) = std::str::from_utf8(value) else { return };
    read(usize::from(*number), value);
    // A field's value has no white space around it.
    one(usize::from(*number), value.trim_matches([' ', '\t']));
}

fn value_law<H: Header>(value: &str) {
    let header = match bounded(H::NAME.as_str(), value.len(), READ, || H::parse(value)) {
        Ok(header) => header,
        Err(error) => return assert!(error.at <= value.len(), "{} at {} of {value:?}", H::NAME, error.at),
    };
    let text = fixed_point(&header);
    // What the header store and the wire give back is the same, and one value; other ones stay apart.
    let mut response = Response::new(Status::OK);
    response.headers.push(&header);
    let pushed: Vec<_> = texts::<H>(&response.headers);
    let fits = text.len() + H::NAME.as_str().len() + 4 <= limits::FIELD;
    if value.contains(|c: char| c < ' ' && c != '\t') {
        return assert!(!fits || parsed(&response).headers().len() == 2, "{value:?}");
    }
    assert_eq!(pushed, [text.as_str()], "{} from {value:?}", H::NAME);
    // What a Content-Length says on the wire is not its own choice.
    if H::NAME != HeaderName::ContentLength && fits {
        assert_eq!(texts::<H>(parsed(&response).headers()), [text.as_str()], "{} from {value:?}", H::NAME);
        let mut list = Headers::new();
        if H::LIST && list.push_raw(H::NAME.as_str(), &format!("{text}, {text}")).is_ok() && !text.is_empty() {
            assert_eq!(texts::<H>(&list), [text.as_str(), &text], "{} from {value:?}", H::NAME);
            assert!(list.pop_front::<H>());
            assert_eq!(texts::<H>(&list), [text.as_str()], "{} from {value:?}", H::NAME);
        }
    }
}

/// What can be read can be written and read again, and stays the same from then on.
fn fixed_point<H: Header>(header: &H) -> String {
    let text = header.to_string();
    let again = H::parse(&text).map(|header| header.to_string());
    assert_eq!(again.as_ref(), Ok(&text), "{}", H::NAME);
    text
}

/// All values, and what taking away, setting and copying make of them.
fn field_law<H: Header>(headers: &Headers) {
    let name = H::NAME;
    let fields = headers.raw(&name).count();
    let length: usize = headers.raw(&name).map(str::len).sum();
    let all = bounded(name.as_str(), length, Bound { fixed: READ.fixed * 2, ..READ }, || headers.all::<H>());
    match &all {
        Ok(all) => {
            assert!(all.len() <= limits::VALUES);
            // A field of a list may hold no value, or several.
            assert!(H::LIST || all.len() == fields, "{name}: {} of {fields}", all.len());
            for header in all {
                fixed_point(header);
            }
            let first = headers.find::<H>().map(|first| first.map(|header| header.to_string()));
            if !H::WHOLE {
                assert_eq!(first, Ok(all.first().map(ToString::to_string)), "{name}");
            }
        }
        Err(HeaderError::Malformed { name: of, at }) => {
            assert_eq!(of, &name);
            assert!(headers.raw(&name).any(|value| *at <= value.len()), "{name} at {at}");
        }
        Err(HeaderError::TooMany { name: of }) => assert_eq!(of, &name),
        Err(error @ (HeaderError::Missing { .. } | HeaderError::Repeated { .. })) => unreachable!("{error}"),
    }
    assert_eq!(headers.contains(&name), fields > 0);
    if fields == 0 {
        return;
    }
    change_law::<H>(headers, all.ok().as_deref());
}

fn change_law<H: Header>(headers: &Headers, all: Option<&[H]>) {
    let name = H::NAME;
    let others = |headers: &Headers| -> Vec<(String, String)> {
        let mut others = headers.clone();
        others.remove(&name);
        others.iter().map(|(name, value)| (name.into(), value.into())).collect()
    };
    let mut popped = headers.clone();
    let took = popped.pop_front::<H>();
    assert_eq!(others(&popped), others(headers));
    if let Some(all) = all {
        assert_eq!(took, !all.is_empty(), "{name}");
        let rest: Vec<_> = all.iter().skip(1).map(ToString::to_string).collect();
        assert_eq!(texts::<H>(&popped), rest, "{name}");
        if let Some(first) = all.first() {
            let mut changed = headers.clone();
            changed.set(first);
            assert_eq!(texts::<H>(&changed), [first.to_string()], "{name}");
            assert_eq!(others(&changed), others(headers));
            changed.push_front(first);
            assert_eq!(texts::<H>(&changed), [first.to_string(), first.to_string()], "{name}");
        }
    }
    let mut copied = Headers::new();
    copied.copy_from(headers, &name);
    assert!(copied.raw(&name).eq(headers.raw(&name)), "{name}");
    assert_eq!(copied.len(), headers.raw(&name).count(), "{name}");
    let mut removed = headers.clone();
    removed.remove(&name);
    assert!(!removed.contains(&name));
    assert_eq!(removed.len(), headers.len() - copied.len(), "{name}");
}

fn texts<H: Header>(headers: &Headers) -> Vec<String> {
    let all = headers.all::<H>().unwrap_or_else(|error| panic!("{error} of {headers:?}"));
    all.iter().map(ToString::to_string).collect()
}

fn parsed(response: &Response) -> Message {
    let bytes = response.to_bytes();
    Message::parse(&bytes).unwrap_or_else(|error| panic!("{error} of {}", bytes.escape_ascii()))
}

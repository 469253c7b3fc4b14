//! The laws of a URI.

use super::memory::{Bound, bounded};
use sip::header::NameAddr;
use sip::uri::{Host, Params, Part, SipUri, Uri};

/// What reading a URI may take.
pub const READ: Bound = Bound { per_byte: 8, fixed: 1024 };

/// One URI, and the same bytes as a part of one.
pub fn uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match bounded("Uri", text.len(), READ, || text.parse::<Uri>()) {
        Ok(uri) => accepted(&uri, text),
        Err(error) => assert!(error.at <= text.len(), "{error} of {text:?}"),
    }
    part(text);
}

fn accepted(uri: &Uri, text: &str) {
    // What was parsed prints as it was written, and nothing in it breaks a start line or an angle bracket.
    assert_eq!(uri.to_string(), text);
    assert!(
        !text.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control() || "<>\"".contains(c)),
        "{text:?}"
    );
    assert!(uri.equivalent(uri), "{text:?}");
    let named: NameAddr = format!("<{text}>").parse().unwrap_or_else(|error| panic!("{error} of {text:?}"));
    assert_eq!(&named.uri, uri);
    let form = serde_json::to_string(uri).expect("a URI can be saved");
    assert_eq!(&serde_json::from_str::<Uri>(&form).expect("what was saved can be read"), uri);
    if let Uri::Sip(sip) = uri {
        changed(sip);
    }
}

/// A URI whose parts are changed is still one, and says what it was changed to.
fn changed(uri: &SipUri) {
    let mut changed = uri.clone();
    changed.user = Some(Part::escape("a b@c"));
    changed.headers = None;
    changed.params.set("lr", None).expect("a flag");
    let again: SipUri = changed.to_string().parse().unwrap_or_else(|error| panic!("{error} of {changed}"));
    assert_eq!(again.to_string(), changed.to_string());
    assert_eq!(again.user_unescaped().as_deref(), Some("a b@c"));
    assert!(again.params.has("lr"));
    assert_eq!((&again.host, again.port), (&uri.host, uri.port));
    assert!(changed.params.remove("LR"));
    assert!(!changed.params.has("lr"));
}

/// Any text is escaped, or refused, and never gets out of its place.
fn part(text: &str) {
    let escaped = Part::escape(text);
    assert_eq!(escaped.unescape().as_deref(), Some(text));
    if let Ok(uri) = SipUri::new(text, "example.com") {
        let again: SipUri = uri.to_string().parse().unwrap_or_else(|error| panic!("{error} of {uri}"));
        assert_eq!(again.host.to_string(), "example.com");
        assert_eq!(again.user_unescaped().unwrap_or_default(), text);
    }
    if let Ok(host) = text.parse::<Host>() {
        let printed = host.to_string();
        assert_eq!(printed.parse::<Host>().map(|host| host.to_string()).as_ref(), Ok(&printed));
        assert!(format!("sip:{printed}").parse::<SipUri>().is_ok_and(|uri| uri.host == host), "{printed}");
    }
    let mut uri: SipUri = "sip:a@example.com;x=y".parse().expect("a URI");
    let fitting = uri.params.set("x", Some(text)).is_ok() | uri.params.set(text, Some("z")).is_ok();
    let again: SipUri = uri.to_string().parse().unwrap_or_else(|error| panic!("{error} of {uri}"));
    assert_eq!(again.params, uri.params);
    assert!(fitting || again.params.value("x") == Some("y"));
    let mut params = Params::new();
    let quoted = sip::message::Text::lossy(text);
    params.set_text("x", &quoted).expect("any text can be quoted");
    assert_eq!(params.text("x").as_ref(), Some(&quoted));
}

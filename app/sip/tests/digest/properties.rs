//! What must hold for all values. `PROPTEST_CASES` says how many of each are tried.

use proptest::prelude::*;
use sip::digest::{Algorithm, AuthenticationInfo, Challenge, Credentials, Qop, ha1, sign};
use sip::message::{Method, Text};

/// A value that is nearly one of ours.
fn value() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "realm",
            "nonce",
            "uri",
            "response",
            "username",
            "username*",
            "qop",
            "nc",
            "cnonce",
            "stale",
            "algorithm",
            "charset",
            "userhash",
            "domain",
            "opaque",
            "nextnonce",
            "rspauth",
            "NC",
        ])
        .prop_map(String::from),
        "[a-z*]{0,4}",
    ];
    let text = prop_oneof![
        "\"[ -~é€]{0,12}\"",
        "[!-~]{0,9}",
        "(UTF|utf)-8'[a-z]{0,2}'([a-z]|%[0-9A-F]{2}){0,9}",
        "[0-9a-fA-F]{8}",
        prop::sample::select(vec!["true", "auth", "\"auth,auth-int\"", "MD5", "SHA-512-256-sess"])
            .prop_map(String::from),
    ];
    let param = (name, "[ \t]?=[ \t]?", text).prop_map(|(name, equal, text)| name + &equal + &text);
    let mixed = prop::collection::vec(param, 0..14).prop_map(|params| params.join(", "));
    let scheme = prop::sample::select(vec!["Digest ", "digest\t", "", "Digest"]);
    (scheme, mixed, "[ -~]{0,3}").prop_map(|(scheme, params, end)| format!("{scheme}{params}{end}"))
}

/// What can be read can be written, and read again as the same.
fn same_again<T: std::str::FromStr + std::fmt::Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let written = read.to_string();
        assert_eq!(written.parse::<T>().ok().as_ref(), Some(&read), "{text} written as {written}");
    }
}

fn read_all(text: &str) {
    same_again::<Challenge>(text);
    same_again::<Credentials>(text);
    if text.parse::<AuthenticationInfo>().is_ok_and(|info| info != AuthenticationInfo::default()) {
        same_again::<AuthenticationInfo>(text);
    }
}

fn text() -> impl Strategy<Value = Text> {
    "[\\PC\t\"\\\\]{0,12}".prop_map(|text| Text::lossy(&text))
}

fn any_challenge() -> impl Strategy<Value = Challenge> {
    let algorithm = prop::option::of(
        prop_oneof!["MD5", "(MD5|SHA-256|SHA-512-256)(-sess)?", "[A-Za-z0-9 \",-]{0,8}"]
            .prop_map(|name| name.parse::<Algorithm>().unwrap()),
    );
    let qop = prop::collection::vec(
        prop_oneof![Just("auth"), Just("auth-int"), Just("auth-conf")].prop_map(|name| name.parse::<Qop>().unwrap()),
        0..3,
    );
    let texts = (text(), text(), prop::option::of(text()), prop::option::of(text()));
    (texts, algorithm, qop, any::<(bool, bool, bool)>()).prop_map(
        |((realm, nonce, opaque, domain), algorithm, qop, (stale, utf8, userhash))| Challenge {
            realm,
            nonce,
            opaque,
            stale,
            algorithm,
            qop,
            domain,
            utf8,
            userhash,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
        read_all(&text);
        read_all(&format!("Digest {text}"));
    }

    #[test]
    fn what_is_nearly_right_is_read_without_panic(text in value()) {
        read_all(&text);
    }

    #[test]
    fn challenges_are_read_as_they_are_written(challenge in any_challenge()) {
        prop_assert_eq!(challenge.to_string().parse::<Challenge>(), Ok(challenge));
    }

    #[test]
    fn signed_credentials_are_read_as_they_are_written(
        challenge in any_challenge(),
        texts in prop::collection::vec("\\PC{0,12}", 4),
        nc in any::<u32>(),
    ) {
        let [user, password, uri, cnonce] = &texts[..] else { unreachable!() };
        let ha1 = ha1(&challenge.algorithm(), user, &challenge.realm, password);
        let signed = sign(&challenge, &ha1, user, &Method::Invite, uri, b"body", cnonce, nc);
        prop_assert_eq!(signed.to_string().parse::<Credentials>(), Ok(signed.clone()));
        prop_assert!(challenge.userhash && signed.response.is_empty() || signed.is_of(user));
        let info = AuthenticationInfo { nextnonce: Some(challenge.nonce), ..AuthenticationInfo::new(&signed, &ha1, b"") };
        prop_assert_eq!(info.to_string().parse::<AuthenticationInfo>(), Ok(info));
    }
}

//! What the world writes is read; what is ambiguous is not.

use super::challenge;
use sip::digest::{Algorithm, AuthenticationInfo, Challenge, Credentials, Qop};
use sip::message::Header as _;

#[test]
fn names_and_words_have_no_case_and_quotes_may_be_missing_or_too_many() {
    let proper = challenge(
        "Digest realm=\"r\", domain=\"sip:a sip:b\", nonce=\"n==\", opaque=\"\", stale=TRUE, algorithm=SHA-256, \
         qop=\"auth,auth-int\", charset=UTF-8, userhash=true",
    );
    assert_eq!(proper.domains().collect::<Vec<_>>(), ["sip:a", "sip:b"]);
    for same in [
        "DIGEST REALM=r,DOMAIN=\"sip:a sip:b\",NONCE=n==,OPAQUE=\"\",STALE=true,ALGORITHM=sha-256,QOP=\"AUTH,Auth-Int\",\
         CHARSET=utf-8,USERHASH=TRUE",
        "digest\trealm = \"r\" ,\tdomain = \"sip:a sip:b\" , nonce = \"n==\" , opaque=\"\", stale=\"true\", \
         algorithm=\"SHA-256\", qop=\"auth auth-int\", charset=\"UTF-8\", userhash=\"true\"",
        "Digest realm=\"r\",, domain=\"sip:a sip:b\", nonce=\"n==\", opaque=\"\", stale=TRUE, algorithm=SHA-256, \
         qop=\"auth, auth-int\", charset=UTF-8, userhash=true, unknown=x, more=\"y, z\",",
    ] {
        assert_eq!(challenge(same), proper, "{same}");
    }
    let false_flags = challenge("Digest realm=\"r\", nonce=\"n\", stale=\"false\", userhash=no, charset=ISO-8859-1");
    assert_eq!((false_flags.stale, false_flags.userhash, false_flags.utf8), (false, false, false));
    let bare_list = challenge("Digest realm=\"r\", nonce=\"n\", qop=auth,auth-int, algorithm=MD5");
    assert_eq!((bare_list.qop, bare_list.algorithm), (vec![Qop::Auth], Some(Algorithm::Md5)));
}

#[test]
fn credentials_are_read_with_quotes_and_without() {
    let proper: Credentials = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\", \
        algorithm=MD5, cnonce=\"c\", qop=auth, nc=0000000a, userhash=true"
        .parse()
        .unwrap();
    let quoted: Credentials = "Digest username=u, realm=r, nonce=n, uri=sip:a, response=00, algorithm=\"md5\", \
        cnonce=c, qop=\"Auth\", nc=\"0000000A\", userhash=\"TRUE\""
        .parse()
        .unwrap();
    assert_eq!(proper, quoted);
    assert_eq!((proper.nc, proper.username_hash()), (Some(10), Some("u")));
}

fn credentials(user: &str) -> Result<Credentials, sip::message::Malformed> {
    format!("Digest {user}, realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\"").parse()
}

#[test]
fn extended_names_are_read() {
    for (written, name) in [
        ("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", "Jäsøn Doe"),
        ("USERNAME*=utf-8'de'J%c3%a4s%c3%b8n%20Doe", "Jäsøn Doe"),
        ("username*=\"UTF-8''plain\"", "plain"),
        ("username=\"Jäsøn Doe\"", "Jäsøn Doe"),
    ] {
        let read = credentials(written).unwrap();
        assert_eq!(read.username, name, "{written}");
        assert!(read.is_of(name) && read.username_hash().is_none());
        let again: Credentials = read.to_string().parse().unwrap();
        assert_eq!(again, read);
    }
}

#[test]
fn what_is_ambiguous_or_broken_is_refused() {
    for bad in [
        "username=\"u\", username*=UTF-8''u",
        "username*=UTF-8''u, userhash=true",
        "username*=ISO-8859-1''u",
        "username*=UTF-8'u",
        "username*=u",
        "username*=UTF-8''%4",
        "username*=UTF-8''%C3",
        "username*=UTF-8''a%0D%0Ab",
        "username*=UTF-8''a%00",
        "username*=UTF-8''a@b",
        "user=\"u\"",
        "username=\"u\", nc=+0000001",
        "username=\"u\", nc=100000000",
        "username=\"u\", nc=\"\"",
        "username=\"u\", qop=\"a b\"",
    ] {
        assert!(credentials(bad).is_err(), "{bad}");
    }
    for bad in ["Digest ,,", "Digest realm", "Digest realm=\"r\" nonce=\"n\"", "Digest realm=\"r\", nonce="] {
        assert!(bad.parse::<Challenge>().is_err(), "{bad}");
    }
}

#[test]
fn authentication_info_is_read() {
    let info: AuthenticationInfo =
        "NextNonce=\"n2\", qop=\"auth\", rspauth=\"ABCDEF\", cnonce=\"c\", nc=00000002".parse().unwrap();
    assert_eq!(info.nextnonce.as_ref().unwrap(), "n2");
    assert_eq!((info.nc, info.qop.clone()), (Some(2), Some(Qop::Auth)));
    let with_scheme: AuthenticationInfo = format!("Digest {info}").parse().unwrap();
    assert_eq!(with_scheme, info);
    assert!("".parse::<AuthenticationInfo>().is_err());
    assert!("nextnonce=\"n\", nc=x".parse::<AuthenticationInfo>().is_err());
}

#[test]
fn a_parameter_that_stands_twice_is_refused_where_it_does() {
    let good = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\"";
    assert!(good.parse::<Credentials>().is_ok());
    for twice in ["username=\"root\"", "USERNAME=u", "Realm=\"r\"", "x=1, X=1"] {
        let error = format!("{good}, {twice}").parse::<Credentials>().unwrap_err();
        let within = twice.rfind(['x', 'X']).unwrap_or(0);
        assert_eq!(error.at, good.len() + 2 + within, "{twice}");
    }
    let challenge = "Digest realm=\"r\", nonce=\"n\"";
    assert!(challenge.parse::<Challenge>().is_ok());
    assert!(format!("{challenge}, Nonce=\"m\"").parse::<Challenge>().is_err());
    for (info, good) in [("nc=00000001, qop=auth", true), ("nc=00000001, NC=00000002", false)] {
        assert_eq!(AuthenticationInfo::parse(info).is_ok(), good, "{info}");
        assert_eq!(AuthenticationInfo::parse(&format!("Digest {info}")).is_ok(), good, "{info}");
    }
}

//! Descriptions, documents and other bodies that a parser that looks back, nests or copies would be slow or greedy at.

use super::shapes::run;
use sip::body::dialog_info::DialogInfo;
use sip::body::limits;
use sip::body::message_summary::MessageSummary;
use sip::body::multipart::{Wanted, find};
use sip::body::pidf::Presence;
use sip::body::reginfo::RegInfo;
use sip::body::sipfrag::SipFrag;
use sip::digest::{Challenge, Credentials};
use sip::message::Headers;
use sip::sdp::{Fragment, SessionDescription};

/// Reads bytes, and says whether they are accepted.
type Read = fn(&[u8]) -> bool;

/// What it is, the bytes, and what reads them.
pub type Shape = (String, Vec<u8>, Read);

/// All that there are, each of 64 kB.
pub fn shapes() -> Vec<Shape> {
    let mut all = xml();
    all.extend(sessions());
    all.extend(parts());
    let texts = ["a", " ", "\r\n", "a: b\r\n", "a: b\r\n c\r\n", "Voice-Message: 1/2\r\n", "1/", "(", ":"];
    for unit in texts {
        for beginning in ["", "Messages-Waiting: yes\r\n", "SIP/2.0 200 OK\r\n", "a: "] {
            let bytes = run(beginning, unit, limits::BODY).into_bytes();
            let what = format!("{beginning:?} {unit:?}");
            all.push((format!("message_summary {what}"), bytes.clone(), |bytes| MessageSummary::parse(bytes).is_ok()));
            all.push((format!("sipfrag {what}"), bytes, |bytes| SipFrag::parse(bytes).is_ok()));
        }
    }
    for unit in ["a", " ", "a=b,", "a=\"b\", ", "nonce=\"a\",", "\\\"", "realm=\"a\", nonce=\"b\", ", ","] {
        for beginning in ["Digest ", "Digest realm=\"", "Digest realm=\"a\", nonce=\"b\", "] {
            let bytes = run(beginning, unit, limits::BODY).into_bytes();
            all.push((format!("digest {beginning:?} {unit:?}"), bytes, |bytes| {
                let text = std::str::from_utf8(bytes).unwrap();
                text.parse::<Challenge>().is_ok() | text.parse::<Credentials>().is_ok()
            }));
        }
    }
    all
}

fn xml() -> Vec<Shape> {
    let reads: [(&str, Read); 3] = [
        ("presence", |bytes| Presence::parse(bytes).is_ok_and(|document| !document.compose().is_empty())),
        ("dialog-info", |bytes| DialogInfo::parse(bytes).is_ok_and(|document| !document.compose().is_empty())),
        ("reginfo", |bytes| RegInfo::parse(bytes).is_ok_and(|document| !document.compose().is_empty())),
    ];
    let beginnings =
        [">", "><note>", "><tuple><status>", "><person><activities>", "><dialog id='", " a='", "", "><contact "];
    let units = [
        "<a>",
        "<a/>",
        "<a b='c'/>",
        " a='b'",
        "&amp;",
        "&#65;",
        "&",
        "a",
        "\r\n",
        "\r",
        "<![CDATA[a]]>",
        "<!--a-->",
        "<?a?>",
        "]]>",
        "<",
        ">",
        "<tuple/>",
        "<note>a</note>",
        "<dialog/>",
        "<dialog id='1'><state>early</state></dialog>",
        "é",
        "<registration/>",
        "<contact/>",
        "<registration><contact/></registration>",
        "<other>a</other>",
        "'",
        ":a",
    ];
    let mut all: Vec<Shape> = Vec::new();
    for (root, read) in reads {
        for beginning in beginnings {
            for unit in units {
                let text = run(&format!("<{root}{beginning}"), unit, limits::BODY - 32);
                all.push((format!("{root} {beginning} {unit:?}"), text.clone().into_bytes(), read));
                if beginning == ">" {
                    all.push((format!("{root} whole {unit:?}"), format!("{text}</{root}>").into_bytes(), read));
                }
            }
        }
        // As many as there may be, and long.
        let long = "a".repeat(limits::BODY / 40);
        let children = format!("<dialog id='{long}'/><tuple id='{long}'/><registration id='{long}'/>").repeat(12);
        all.push((format!("{root} long ids"), format!("<{root}>{children}</{root}>").into_bytes(), read));
    }
    all
}

fn sessions() -> Vec<Shape> {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
    let media = format!("{head}m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
    let beginnings = ["", head, &media, &format!("{head}m=audio 9 RTP/AVP"), &format!("{media}a=fmtp:0 ")];
    let units = [
        "a=b\r\n",
        "a=b\n",
        "a\r\n",
        "m=audio 9 RTP/AVP 0\r\n",
        "a=rtpmap:0 a/8000\r\n",
        "a=fmtp:0 a=b\r\n",
        "a=mid:a\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
        "a=group:BUNDLE a\r\n",
        "b=AS:1\r\n",
        "a=sendonly\r\n",
        "\r\n",
        "c=IN IP4 0.0.0.0\r\n",
        "a=fingerprint:sha-256 AA\r\n",
        "a=setup:actpass\r\n",
        " 0",
        " ",
        "a=b;",
        ";",
        "a",
        "=",
        "\r",
        "m=audio 9 RTP/AVP 0\r\na=mid:a\r\na=group:BUNDLE a\r\n",
        "a=rtcp-fb:* nack\r\na=rtpmap:0 opus/48000/2\r\n",
    ];
    let mut all: Vec<Shape> = Vec::new();
    for beginning in beginnings {
        for unit in units {
            let bytes = run(beginning, unit, limits::BODY).into_bytes();
            // Many of them, and no more lines than there may be.
            let fewer = run(beginning, unit, beginning.len() + unit.len() * 1000).into_bytes();
            for (size, bytes) in [("64 kB", bytes), ("1000 of", fewer)] {
                let what = format!("{size} {:?} {unit:?}", beginning.get(head.len()..).unwrap_or(beginning));
                all.push((format!("sdp {what}"), bytes.clone(), |bytes| SessionDescription::parse(bytes).is_ok()));
                all.push((format!("fragment {what}"), bytes.clone(), |bytes| Fragment::parse(bytes).is_ok()));
                all.push((format!("browser {what}"), bytes.clone(), |bytes| {
                    SessionDescription::offer_for_browser(bytes).is_ok()
                }));
                all.push((format!("mending {what}"), bytes, mended));
            }
        }
    }
    all
}

/// What is done with an offer and an answer, and how they are compared.
fn mended(bytes: &[u8]) -> bool {
    let Ok(mut description) = SessionDescription::parse(bytes) else { return false };
    let offer = description.clone();
    description.mend_answer(&offer);
    description.mend_reoffer(&offer);
    description.prune_candidates();
    let _ = (description.media_changes(&offer), description.continuity(&offer), description.check_fit());
    description.media().iter().all(|media| media.codecs().len() < bytes.len())
}

fn parts() -> Vec<Shape> {
    let mut all: Vec<Shape> = Vec::new();
    let units = ["--b\r\n", "--b\r\n\r\n", "--b", "\r\n", "-", "--b--\r\n", "A: b\r\n", "a", "--b\r\nA: b\r\n\r\n"];
    for unit in units {
        for beginning in ["", "--b\r\n", "--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"] {
            let bytes = run(beginning, unit, limits::BODY).into_bytes();
            all.push((format!("multipart {beginning:?} {unit:?}"), bytes, |bytes| {
                let mut headers = Headers::new();
                headers.push_raw("Content-Type", "multipart/mixed;boundary=b").unwrap();
                find(&headers, bytes, &Wanted::SESSION).is_ok()
            }));
        }
    }
    // Each level has its own boundary, and holds all the levels below.
    let levels = (0..limits::MULTIPART_DEPTH).map(|level| {
        format!(
            "--b{}\r\nContent-Type: multipart/mixed;boundary=b{level}\r\n\r\n",
            if level == 0 { String::new() } else { (level - 1).to_string() }
        )
    });
    let nested = run(&levels.collect::<String>(), "a", limits::BODY);
    all.push(("multipart nested".into(), nested.into_bytes(), |bytes| {
        let mut headers = Headers::new();
        headers.push_raw("Content-Type", "multipart/mixed;boundary=b").unwrap();
        find(&headers, bytes, &Wanted::SESSION).is_ok()
    }));
    all
}

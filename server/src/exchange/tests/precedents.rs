//! Messages that brought down other SIP servers and phones, on the wire: each is answered or dropped, its connection goes
//! on, and so does everybody else. Which of them is which precedent is said in `server/tests/it/precedents.md`.

use super::harness::{Client, Server, bye, call, call_numbered, of_call, options, register, server};
use futures::SinkExt as _;
use sip::message::{HeaderName, Message as SipMessage, Method, Request, Response, Status};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// How long an answer that has to be looked up may take when it is there at all.
const LATE: Duration = Duration::from_secs(1);

/// The final answers that come until the connection says that it is still there.
async fn answers(client: &mut Client) -> Vec<u16> {
    client.send("\r\n\r\n").await;
    let mut statuses = Vec::new();
    loop {
        let text = client.text().await;
        if text == "\r\n" {
            return statuses;
        }
        statuses.extend(final_status(&text));
    }
}

fn final_status(text: &str) -> Option<u16> {
    let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.filter(|status| *status >= 200)
}

/// Sends each, and compares what is answered with what is expected: nothing at all, or one final answer.
async fn answered(client: &mut Client, cases: impl IntoIterator<Item = (&str, Vec<u8>, Option<u16>)>) {
    let mut wrong = Vec::new();
    for (name, bytes, expected) in cases {
        client.socket.send(Message::binary(bytes)).await.unwrap();
        let mut found = answers(client).await;
        if found.is_empty() && expected.is_some() {
            let late = async {
                loop {
                    if let Some(status) = final_status(&client.text().await) {
                        return status;
                    }
                }
            };
            found.extend(timeout(LATE, late).await);
        }
        if found != Vec::from_iter(expected) {
            wrong.push(format!("{name}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two people call each other and hang up, whatever happened before.
async fn others_go_on(server: &Server, number: u32) {
    let (mut caller, mut callee) = (server.tab("1").await, server.tab("2").await);
    for (phone, user) in [(&mut caller, "1001"), (&mut callee, "1002")] {
        phone.send(register(user, 10 + number)).await;
        assert_eq!(phone.response().await.status.code(), 200);
    }
    let accepted = call_numbered(&mut caller, &mut callee, number).await;
    caller.send(of_call(&bye(&accepted), number)).await;
    assert_eq!(callee.request().await.method, Method::Bye);
}

/// A request of 1003 to 1002 with these lines.
fn request(method: &str, seq: u32, lines: &str) -> Vec<u8> {
    format!(
        "{method} sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKp{seq}\r\nMax-Forwards: 70\r\n\
         From: <sip:1003@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: p{seq}\r\nCSeq: {seq} {method}\r\n\
         Contact: <sip:1003@x.invalid;transport=ws>\r\n{lines}\r\n"
    )
    .into_bytes()
}

/// A request in which one line is another.
fn with(method: &str, seq: u32, name: &str, line: &[u8]) -> Vec<u8> {
    let whole = request(method, seq, "");
    let start = find(&whole, format!("\r\n{name}: ").as_bytes()) + 2;
    let end = start + find(&whole[start..], b"\r\n");
    [&whole[..start], line, &whole[end..]].concat()
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap()
}

#[tokio::test]
async fn as_many_accept_headers_as_there_are_fields_are_read() {
    let server = server().await;
    let mut tab = server.tab("3").await;
    let accepts = |count: u32| -> String { (0..count).map(|n| format!("Accept: application/x-{n}\r\n")).collect() };
    let subscribe = |seq, count| request("SUBSCRIBE", seq, &format!("Event: presence\r\n{}", accepts(count)));
    let joined = (0..2_000).map(|n| format!("a/{n}")).collect::<Vec<_>>().join(",");
    answered(
        &mut tab,
        [
            ("fifty", subscribe(1, 50), Some(406)),
            // More than are read: who says it in a way that cannot be read reads what is usual.
            ("more than are read", subscribe(2, 115), Some(200)),
            ("more", subscribe(3, 200), Some(513)),
            (
                "a list of two thousand",
                request("SUBSCRIBE", 4, &format!("Event: presence\r\nAccept: {joined}\r\n")),
                Some(513),
            ),
            ("a thousand", subscribe(5, 1_000), Some(513)),
        ],
    )
    .await;
    others_go_on(&server, 1).await;
}

#[tokio::test]
async fn a_message_in_a_call_may_have_any_body_or_none() {
    let server = server().await;
    let (mut caller, mut callee) = (server.tab("1").await, server.tab("2").await);
    caller.register("1001").await;
    callee.register("1002").await;
    let accepted = call(&mut caller, &mut callee).await;
    let whole = bye(&accepted);
    for (seq, lines) in (3..).zip([
        "",
        "Content-Length: 0\r\n",
        "Content-Type: text/plain\r\nContent-Length: 0\r\n",
        "Content-Type: multipart/mixed\r\nContent-Length: 0\r\n",
        "Content-Type: \r\nContent-Length: 0\r\n",
        "Content-Type: text/plain;charset=\"\\\"\"\r\nContent-Length: 0\r\n",
        "Content-Encoding: gzip\r\nContent-Disposition: \r\nContent-Length: 0\r\n",
    ]) {
        let message = whole
            .replacen("BYE", "MESSAGE", 1)
            .replace("2 BYE", &format!("{seq} MESSAGE"))
            .replace("z9hG4bKb", &format!("z9hG4bKm{seq}"))
            .replace("\r\n\r\n", &format!("\r\n{lines}\r\n"));
        caller.send(message).await;
        // Whoever is called reads it as it came, or whoever sent it is told what is wrong with it.
        tokio::select! {
            arrived = callee.request() => {
                assert_eq!(arrived.method, Method::Message, "{lines}");
                say(&mut callee, &arrived, Status::OK).await;
                assert_eq!(caller.response().await.status.code(), 200, "{lines}");
            }
            refused = caller.response() => assert_eq!(refused.status.code(), 400, "{lines}"),
        }
    }
    caller.send(whole.replace("2 BYE", "90 BYE")).await;
    let arrived = callee.request().await;
    assert_eq!(arrived.method, Method::Bye, "the call went on");
    say(&mut callee, &arrived, Status::OK).await;
    assert_eq!(caller.response().await.status.code(), 200);
}

async fn say(client: &mut Client, request: &Request, status: Status) {
    client.send(String::from_utf8(Response::to_request(request, status).to_bytes()).unwrap()).await;
}

#[tokio::test]
async fn who_is_gone_with_an_invite_on_the_way_leaves_nothing() {
    let server = server().await;
    let mut victim = server.tab("3").await;
    victim.register("1003").await;
    for number in 0..40 {
        let mut caller = server.tab("1").await;
        let invite = String::from_utf8(request("INVITE", number, "")).unwrap();
        caller.send(invite.replace("1003@tabphone>;tag", "1001@tabphone>;tag").replace("1002@", "1003@")).await;
        // Not a word more, in the moment in which it is being worked on.
        drop(caller);
    }
    // The calls that came are given up; the phone that they came to is not cut off by them.
    let mut quiet = false;
    while !quiet {
        quiet = true;
        victim.send("\r\n\r\n").await;
        loop {
            let text = victim.text().await;
            if text == "\r\n" {
                break;
            }
            if let Ok(SipMessage::Request(invite)) = SipMessage::parse(text.as_bytes())
                && invite.method == Method::Invite
            {
                quiet = false;
                say(&mut victim, &invite, Status::new(486).unwrap()).await;
            }
        }
    }
    others_go_on(&server, 1).await;
}

#[tokio::test]
async fn tags_branches_and_call_ids_may_be_as_long_as_a_header() {
    let server = server().await;
    let mut tab = server.tab("3").await;
    // A header has 8 KiB, and its name and what surrounds this are a part of that. Without one of these nobody can be answered.
    let (long, longer) = ("t".repeat(7_900), "t".repeat(9_000));
    let via = |value: &str| format!("Via: SIP/2.0/WS x.invalid;branch=z9hG4bK{value}");
    let from = |value: &str| format!("From: <sip:1003@tabphone>;tag={value}");
    let to = |value: &str| format!("To: <sip:1002@tabphone>;tag={value}");
    let call_id = |value: &str| format!("Call-ID: {value}");
    let twice = |line: String| format!("{line}\r\n{line}");
    answered(
        &mut tab,
        [
            ("a branch", with("OPTIONS", 1, "Via", via(&long).as_bytes()), Some(480)),
            ("a branch that is longer", with("OPTIONS", 2, "Via", via(&longer).as_bytes()), None),
            ("a tag", with("OPTIONS", 3, "From", from(&long).as_bytes()), Some(480)),
            ("a tag that is longer", with("OPTIONS", 4, "From", from(&longer).as_bytes()), None),
            ("a tag of who is called", with("OPTIONS", 5, "To", to(&long).as_bytes()), Some(481)),
            ("a Call-ID", with("OPTIONS", 6, "Call-ID", call_id(&long).as_bytes()), Some(480)),
            ("a Call-ID that is longer", with("OPTIONS", 7, "Call-ID", call_id(&longer).as_bytes()), None),
            ("no branch", with("OPTIONS", 8, "Via", b"Via: SIP/2.0/WS x.invalid;branch="), Some(400)),
            ("no tag", with("OPTIONS", 9, "From", b"From: <sip:1003@tabphone>;tag="), Some(400)),
            ("an empty tag of who is called", with("OPTIONS", 10, "To", b"To: <sip:1002@tabphone>;tag="), Some(400)),
            ("From twice", with("INVITE", 11, "From", twice(from(&"t".repeat(4_000))).as_bytes()), Some(400)),
            ("To twice", with("INVITE", 12, "To", twice(to("")).as_bytes()), Some(400)),
            ("Call-ID twice", with("INVITE", 13, "Call-ID", twice(call_id("a")).as_bytes()), Some(400)),
            ("CSeq twice", with("INVITE", 14, "CSeq", b"CSeq: 14 INVITE\r\nCSeq: 15 INVITE"), Some(400)),
            ("a tag twice", with("OPTIONS", 15, "From", b"From: <sip:1003@tabphone>;tag=1;tag=2"), Some(400)),
            ("a branch twice", with("OPTIONS", 16, "Via", (via("a") + ";branch=b").as_bytes()), Some(400)),
        ],
    )
    .await;
    others_go_on(&server, 1).await;
}

#[tokio::test]
async fn who_is_called_and_who_calls_may_be_written_with_anything() {
    let server = server().await;
    let mut tab = server.tab("3").await;
    let lines: [(&str, &str, &[u8], Option<u16>); 18] = [
        ("a DEL", "To", b"To: <sip:10\x7f02@tabphone>", Some(400)),
        ("what is no UTF-8", "To", b"To: \"\xff\xfe\" <sip:1002@tabphone>", Some(400)),
        ("a quote that does not end", "To", b"To: \"1002 <sip:1002@tabphone>", Some(400)),
        ("an escape at the end", "To", b"To: \"\\", Some(400)),
        // What frames a message is not there, and neither is whom to answer.
        ("a NUL", "To", b"To: <sip:1002\0@tabphone>", None),
        ("a bracket that does not end", "To", b"To: <sip:1002@tabphone", Some(400)),
        ("nothing", "To", b"To: ", Some(400)),
        ("a slash", "To", b"To: </>", Some(400)),
        ("a slash that calls", "From", b"From: </>;tag=1", Some(400)),
        ("half a slash that calls", "From", b"From: </", Some(400)),
        ("an escape in the name of who calls", "From", b"From: \"\\\" <sip:1003@tabphone>;tag=1", Some(400)),
        ("a backslash alone", "From", b"From: \\ <sip:1003@tabphone>;tag=1", Some(480)),
        ("nobody", "From", b"From: ;tag=1", Some(400)),
        ("no scheme", "From", b"From: <1003@tabphone>;tag=1", Some(400)),
        ("no host", "From", b"From: <sip:1003@>;tag=1", Some(400)),
        ("a Via of nothing", "Via", b"Via: ", Some(400)),
        ("a Via without an address", "Via", b"Via: SIP/2.0/WS ;branch=z9hG4bKv", Some(400)),
        ("a Via with a port of letters", "Via", b"Via: SIP/2.0/WS x.invalid:zz;branch=z9hG4bKv", Some(400)),
    ];
    let cases = (1..)
        .zip(lines)
        .map(|(seq, (name, header, line, expected))| (name, with("INVITE", seq, header, line), expected));
    answered(&mut tab, cases).await;
    let more = (50..).zip([
        "Diversion: </>\r\n",
        "Diversion: \"\\\r\n",
        "History-Info: </>;index=1\r\n",
        "P-Asserted-Identity: </>\r\n",
        "Referred-By: </\r\n",
        "Alert-Info: <\r\n",
    ]);
    let more = more.map(|(seq, line)| (line, request("INVITE", seq, line), Some(480)));
    answered(&mut tab, more).await;
    others_go_on(&server, 1).await;
}

#[tokio::test]
async fn line_ends_that_keep_a_connection_open_are_no_messages() {
    let server = server().await;
    let mut tab = server.tab("3").await;
    for text in ["\r\n", "\r\n\r\n", "", "\n", "\n\n", "\r\n\r\n\r\n\r\n", " ", "\0", "\r\n\r\n\r\n"] {
        tab.send(text).await;
    }
    // Two are the question whether it is there; all others are nothing.
    let mut pongs = 0;
    tab.send(options(1).replace("1001", "1003")).await;
    loop {
        let text = tab.text().await;
        if text.starts_with("SIP/2.0 200") {
            break;
        }
        assert_eq!(text, "\r\n");
        pongs += 1;
    }
    assert_eq!(pongs, 1);
    others_go_on(&server, 1).await;
}

#[tokio::test]
async fn an_identity_is_not_forged_however_its_header_is_written() {
    let server = server().await;
    let (mut sender, mut callee) = (server.tab("3").await, server.tab("2").await);
    callee.register("1002").await;
    for (seq, forged) in (1..).zip([
        "P-Asserted-Identity: <sip:boss@tabphone>\r\n",
        "P-Asserted-Identity : <sip:boss@tabphone>\r\n",
        "P-Asserted-Identity\t : <sip:boss@tabphone>\r\n",
        "p-ASSERTED-identity:<sip:boss@tabphone>\r\n",
        "P-Asserted-Identity:\r\n <sip:boss@tabphone>\r\n",
        "P-Asserted-Identity: <sip:boss@tabphone>, <tel:+491>\r\n",
        "P-Asserted-Identity: <sip:boss@tabphone>\r\nP-Asserted-Identity : <sip:boss@tabphone>\r\n",
        "Remote-Party-ID : <sip:boss@tabphone>;party=calling\r\n",
        "P-Preferred-Identity : <sip:boss@tabphone>\r\n",
        "Identity : \"boss\"\r\n",
    ]) {
        sender.socket.send(Message::binary(request("MESSAGE", seq, forged))).await.unwrap();
        let arrived = timeout(super::harness::PATIENCE, callee.request()).await.expect("it arrives");
        let whole = String::from_utf8(arrived.to_bytes()).unwrap();
        assert!(!whole.contains("boss"), "{forged}{whole}");
        let asserted: Vec<_> = arrived.headers.raw(&HeaderName::PAssertedIdentity).collect();
        assert_eq!(asserted, ["\"Person 3\" <sip:1003@tabphone>"], "{forged}");
        say(&mut callee, &arrived, Status::OK).await;
        assert_eq!(sender.response().await.status.code(), 200);
    }
}

#[tokio::test]
async fn half_a_message_is_none_and_does_not_wait_for_the_other_half() {
    let server = server().await;
    let mut tab = server.tab("3").await;
    let whole = options(1).replace("1001", "1003");
    // A frame of WebSocket is not one of SIP: what is in two messages is two messages.
    tab.send(&whole[..60]).await;
    tab.send(&whole[60..]).await;
    assert_eq!(answers(&mut tab).await, Vec::<u16>::new());
    tab.send(whole).await;
    let SipMessage::Response(response) = SipMessage::parse(tab.text().await.as_bytes()).unwrap() else {
        panic!("it is answered")
    };
    assert_eq!(response.status, Status::OK);
}

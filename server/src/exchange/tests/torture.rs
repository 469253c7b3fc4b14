//! The torture messages of RFC 4475 and RFC 5118 over real WebSockets: the table that the stack is held to holds on the
//! wire as well, and the connection and the server go on afterwards.

use super::harness::{Client, Server, bye, call, options, register, server};
use crate::ports::SignedIn;
use cases::{ALIASES, CASES, Case, Does, USERS};
use futures::SinkExt as _;
use futures::future::select_all;
use sip::header::From;
use sip::message::{Message as SipMessage, Method, Response, Status};
use tokio_tungstenite::tungstenite::Message;

#[path = "../../../../app/sip/tests/torture/cases.rs"]
#[allow(dead_code, unreachable_pub)]
mod cases;
#[path = "../../../../app/sip/tests/torture/files.rs"]
#[allow(unreachable_pub)]
mod files;

/// The account of the first of [`USERS`]; the others follow.
const FIRST: i64 = 11;
/// The account of whoever sends.
const SENDER: i64 = 10;

/// What the messages call the exchange that they are for.
pub(super) fn hosts() -> Vec<String> {
    ["example.com"].iter().chain(&ALIASES).map(|host| (*host).to_owned()).collect()
}

#[tokio::test]
async fn who_is_signed_in_gets_the_answers_of_the_table() {
    let mut wrong = Vec::new();
    for case in CASES {
        let bytes = files::bytes(case.name);
        let (server, mut phones) = house(&sender(&bytes)).await;
        let mut tab = server.tab(&SENDER.to_string()).await;
        wrong.extend(check(case, case.exchange, &bytes, &mut tab, &mut phones).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_stranger_is_asked_first_who_it_is() {
    let mut wrong = Vec::new();
    for case in CASES {
        let bytes = files::bytes(case.name);
        let (server, mut phones) = house("caller").await;
        let mut stranger = server.stranger().await;
        wrong.extend(check(case, case.stranger, &bytes, &mut stranger, &mut phones).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn all_of_them_at_once_disturb_nobody() {
    let server = server().await;
    let (mut caller, mut callee) = (server.tab("1").await, server.tab("2").await);
    caller.register("1001").await;
    callee.register("1002").await;
    let (mut tab, mut stranger) = (server.tab("3").await, server.stranger().await);
    for case in CASES {
        let bytes = files::bytes(case.name);
        tab.socket.send(Message::binary(bytes.clone())).await.unwrap();
        stranger.socket.send(Message::binary(bytes)).await.unwrap();
    }
    let accepted = call(&mut caller, &mut callee).await;
    tab.send(options(9).replace("1001", "1003")).await;
    stranger.send(register("1003", 9)).await;
    assert_eq!(final_answer_to(&mut tab, "o").await, 200, "the connection goes on");
    assert_eq!(final_answer_to(&mut stranger, "r1003").await, 401, "this one as well");
    caller.send(bye(&accepted)).await;
    assert_eq!(callee.request().await.method, Method::Bye);
}

/// A server whose users have a phone each, and know the sender.
async fn house(sender: &str) -> (Server, Vec<Client>) {
    let server = server().await;
    let person = |(account, user): (i64, &str)| SignedIn { account, extension: user.into(), name: String::new() };
    let mut people: Vec<_> = (FIRST..).zip(USERS).map(person).collect();
    people.push(person((SENDER, sender)));
    *server.neighbours.people.lock().unwrap() = people;
    let mut phones = Vec::new();
    for (account, user) in (FIRST..).zip(USERS) {
        let mut phone = server.tab(&account.to_string()).await;
        phone.register(user).await;
        phones.push(phone);
    }
    (server, phones)
}

/// Sends a message; what is wrong with what became of it, and whether everybody goes on.
async fn check(
    case: &Case,
    expected: Does,
    bytes: &[u8],
    client: &mut Client,
    phones: &mut [Client],
) -> Option<String> {
    client.socket.send(Message::binary(bytes.to_vec())).await.unwrap();
    let found = match expected {
        Does::Answers(_) => Does::Answers(final_answer(client).await.status.code()),
        Does::Forwards => {
            // The phone that gets it; the others get nothing.
            let (request, place, _) = select_all(phones.iter_mut().map(|phone| Box::pin(phone.request()))).await;
            assert!(!request.headers.is_empty(), "{}", case.name);
            for (_, other) in phones.iter_mut().enumerate().filter(|(other, _)| *other != place) {
                is_silent(other, case.name).await;
            }
            Does::Forwards
        }
        Does::Drops | Does::Rings => {
            for phone in phones.iter_mut() {
                is_silent(phone, case.name).await;
            }
            Does::Drops
        }
    };
    is_silent(client, case.name).await;
    (found != expected).then(|| format!("{} ({}): {found:?}, expected {expected:?}", case.name, case.section))
}

/// The connection is open, and nothing but a provisional response was said on it.
async fn is_silent(client: &mut Client, name: &str) {
    client.send("\r\n\r\n").await;
    loop {
        let text = client.text().await;
        if text == "\r\n" {
            return;
        }
        assert!(text.starts_with("SIP/2.0 1"), "{name}: {text}");
    }
}

async fn final_answer(client: &mut Client) -> Response {
    loop {
        let response = client.response().await;
        if response.status.is_final() {
            return response;
        }
    }
}

/// The status of the final answer to what has this Call-ID, whatever comes before it.
async fn final_answer_to(client: &mut Client, call_id: &str) -> u16 {
    loop {
        let text = client.text().await;
        if !text.contains(&format!("Call-ID: {call_id}\r\n")) {
            continue;
        }
        match SipMessage::parse(text.as_bytes()).unwrap() {
            SipMessage::Response(response) if response.status != Status::TRYING => return response.status.code(),
            SipMessage::Response(_) | SipMessage::Request(_) => {}
        }
    }
}

/// The user of From, if that can be read.
fn sender(bytes: &[u8]) -> String {
    let from = SipMessage::parse(bytes).ok().and_then(|message| message.headers().get::<From>().ok());
    from.and_then(|from| from.0.uri.as_sip().and_then(sip::uri::SipUri::user_unescaped)).unwrap_or("caller".into())
}

//! What is still said to a PBX when nobody has the phone any more.

use super::farewell::{Farewell, Next};
use super::passing::Passing;
use super::upstream::{Say, Upstream};
use crate::ports::PbxSecret;
use crate::store::key::random_word;
use sip::message::{Message, Method, Response, Status};

/// Answers what nobody answered, and takes the registration back.
pub(super) async fn say_goodbye(upstream: &mut Upstream, passing: &Passing, secret: Option<PbxSecret>) {
    let left: Vec<Vec<u8>> = passing.waiting().filter_map(away).collect();
    for bytes in left {
        say(upstream, bytes).await;
    }
    let Some((request, seq)) = passing.registered() else { return };
    let Some((mut farewell, first)) = Farewell::begin(request, seq, secret) else { return };
    say(upstream, first).await;
    while let Some(bytes) = upstream.from.recv().await {
        let next = match Message::parse(&bytes) {
            Ok(Message::Response(response)) => farewell.hear(&response),
            Ok(Message::Request(_)) => away(&bytes).map_or(Next::Wait, Next::Send),
            Err(_) => Next::Wait,
        };
        match next {
            Next::Wait => {}
            Next::Send(bytes) => say(upstream, bytes).await,
            Next::Done => return,
        }
    }
}

/// To one that is gone nothing needs to be said.
async fn say(upstream: &Upstream, bytes: Vec<u8>) {
    let _ = upstream.to.send(Say::Message(bytes)).await;
}

/// The answer of a phone that nobody has.
fn away(bytes: &[u8]) -> Option<Vec<u8>> {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) if request.method != Method::Ack => {
            let mut response = Response::to_request(&request, Status::TEMPORARILY_UNAVAILABLE);
            response.set_to_tag(&random_word(10).ok()?);
            Some(response.to_bytes())
        }
        Ok(_) | Err(_) => None,
    }
}

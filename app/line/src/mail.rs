//! Messages between the agent and the server: what came, and what became of what was sent.

use crate::project;
use app::messages::{Failure, Outcome, Received};
use sip::agent;
use sip::agent::{Body, MessageId, MessageOutcome};
use sip::header::NameAddr;
use sip::message::Status;

/// The type of a text that is sent.
pub const TEXT: &str = "text/plain;charset=UTF-8";
/// The longest Call-ID, type, number and name that are told, in characters.
const LONGEST: usize = 255;
const LONGEST_PARTY: usize = 128;

/// A message that came, as the server is told of it.
pub fn received(id: MessageId, from: &NameAddr, body: Body, call_id: &str, domain: &str) -> Received {
    let mut from = project::party(from, domain);
    for text in [&mut from.number, &mut from.name] {
        *text = short(text, LONGEST_PARTY);
    }
    let Body { content_type, bytes } = body;
    Received {
        id: id.0,
        call_id: short(call_id, LONGEST),
        from,
        content_type: short(&content_type, LONGEST),
        body: bytes,
    }
}

/// What became of a message.
pub const fn outcome(outcome: MessageOutcome) -> Outcome {
    match outcome {
        MessageOutcome::Delivered(Status::ACCEPTED) => Outcome::Kept,
        MessageOutcome::Delivered(_) => Outcome::Accepted,
        MessageOutcome::Failed(failure) => Outcome::Failed(match failure {
            agent::Failure::NoResponse => Failure::NoResponse,
            agent::Failure::Forbidden => Failure::Forbidden,
            agent::Failure::NotFound => Failure::NotFound,
            agent::Failure::Unavailable => Failure::Unavailable,
            agent::Failure::Declined => Failure::Declined,
            agent::Failure::Unsupported => Failure::Unsupported,
            agent::Failure::TooLarge => Failure::TooLarge,
            agent::Failure::Over => Failure::Status(481),
            agent::Failure::Status(status) => Failure::Status(status.code()),
        }),
    }
}

/// How a message is answered: accepted, or refused with a status that refuses.
pub fn refusal(status: u16) -> Option<Status> {
    Status::new(status).filter(|status| status.is_final() && !status.is_success())
}

fn short(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_told_shortly() {
        let long = "x".repeat(5_000);
        let from = format!("\"{long}\" <sip:{long}@tabphone>").parse().unwrap();
        let body = Body { content_type: "text/plain".into(), bytes: vec![1] };
        let told = received(MessageId(7), &from, body, &long, "tabphone");
        assert_eq!((told.id, told.call_id.len(), told.from.number.len(), told.from.name.len()), (7, 255, 128, 128));
    }

    #[test]
    fn what_is_kept_is_not_delivered() {
        assert_eq!(outcome(MessageOutcome::Delivered(Status::OK)), Outcome::Accepted);
        assert_eq!(outcome(MessageOutcome::Delivered(Status::ACCEPTED)), Outcome::Kept);
        assert_eq!(refusal(200), None);
        assert_eq!(refusal(415), Some(Status::UNSUPPORTED_MEDIA_TYPE));
    }
}

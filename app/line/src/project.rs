//! The projection of what the agent knows to what every screen shows.

use crate::snapshot::Facts;
use app::phone;
use sip::agent;
use sip::header::NameAddr;
use sip::message::Status;
use sip::uri::Uri;

/// Whether calls can be made and taken.
pub fn registration(registration: &agent::Registration) -> phone::Registration {
    match registration {
        agent::Registration::Idle | agent::Registration::Connecting | agent::Registration::Registering => {
            phone::Registration::Connecting
        }
        agent::Registration::Registered => phone::Registration::Ready,
        agent::Registration::Refused(why) => phone::Registration::Refused(refusal(*why)),
        agent::Registration::Unreachable => phone::Registration::Unreachable,
        agent::Registration::Unregistering | agent::Registration::Stopped => phone::Registration::LoggedOut,
    }
}

const fn refusal(refusal: agent::Refusal) -> phone::Refusal {
    match refusal {
        agent::Refusal::WrongCredentials => phone::Refusal::WrongCredentials,
        agent::Refusal::Unanswerable => phone::Refusal::Unanswerable,
        agent::Refusal::NotAllowed(status) => phone::Refusal::NotAllowed(status.code()),
        agent::Refusal::UnknownUser(status) => phone::Refusal::UnknownUser(status.code()),
        agent::Refusal::Misconfigured(status) => phone::Refusal::Misconfigured(status.code()),
        agent::Refusal::Busy => phone::Refusal::Busy,
        agent::Refusal::ServerFailure(status) => phone::Refusal::ServerFailure(status.code()),
    }
}

/// Where a call stands, whose media is connected or not.
pub const fn phase(phase: agent::Phase, connected: bool) -> phone::Phase {
    match phase {
        agent::Phase::Preparing => phone::Phase::Preparing,
        agent::Phase::Calling => phone::Phase::Calling,
        agent::Phase::RingingThere => phone::Phase::RingingThere,
        agent::Phase::RingingHere => phone::Phase::RingingHere,
        agent::Phase::Answering => phone::Phase::Answering,
        agent::Phase::Established if connected => phone::Phase::Talking,
        agent::Phase::Established => phone::Phase::Connecting,
        agent::Phase::Ending => phone::Phase::Ending,
    }
}

/// A call as every screen shows it; `connected` says whether its media is, here.
pub fn call(call: &agent::Call, connected: bool, facts: &Facts, domain: &str) -> phone::Call {
    phone::Call {
        key: call.id.0,
        direction: direction(call.direction),
        remote: party(&call.remote, domain),
        phase: phase(call.phase, connected),
        answered_at: facts.answered_at,
        muted: facts.muted,
        voice: phone::Voice::default(),
        hold: phone::Hold { here: call.held_here, there: call.held_there },
        handover: call.transfer.and_then(handover),
        digits: String::new(),
        picture: phone::Picture { camera: facts.camera, screen: facts.screen, ..phone::Picture::default() },
        unattended: facts.unattended,
        joined: facts.joined,
        // Only a page records.
        recorded: phone::Recorded::default(),
    }
}

/// How far the handing over of a call is; one that worked ends it.
pub const fn handover(progress: agent::TransferProgress) -> Option<phone::Handover> {
    Some(match progress {
        agent::TransferProgress::Sent | agent::TransferProgress::Accepted | agent::TransferProgress::Trying => {
            phone::Handover::Asked
        }
        agent::TransferProgress::Ringing => phone::Handover::Ringing,
        agent::TransferProgress::Unknown => phone::Handover::Untold,
        agent::TransferProgress::Failed(status) => phone::Handover::Refused(status.code()),
        agent::TransferProgress::Answered => return None,
    })
}

/// What is told of a call that is over; of one whose place another took, nothing, nor of one that was to be answered by
/// itself or not at all, and was not.
pub fn ended(last: &agent::Call, why: agent::Cause, domain: &str) -> Option<phone::Ended> {
    let forbidden = why == agent::Cause::Forbidden && last.direction == agent::Direction::Incoming;
    (why != agent::Cause::Replaced && !forbidden).then(|| phone::Ended {
        key: last.id.0,
        direction: direction(last.direction),
        remote: party(&last.remote, domain),
        cause: cause(why, last.status, domain),
    })
}

/// Who began a call.
pub const fn direction(direction: agent::Direction) -> phone::Direction {
    match direction {
        agent::Direction::Outgoing => phone::Direction::Outgoing,
        agent::Direction::Incoming => phone::Direction::Incoming,
    }
}

/// Why a call ended. `status`: what refused it.
pub fn cause(cause: agent::Cause, status: Option<Status>, domain: &str) -> phone::Cause {
    let refused = || status.map_or(phone::Cause::Network, |status| phone::Cause::Status(status.code()));
    match cause {
        agent::Cause::HungUpHere => phone::Cause::HungUpHere,
        agent::Cause::HungUpThere => phone::Cause::HungUpThere,
        agent::Cause::CancelledHere => phone::Cause::CancelledHere,
        agent::Cause::CancelledThere => phone::Cause::CancelledThere,
        agent::Cause::DeclinedHere => phone::Cause::DeclinedHere,
        agent::Cause::DeclinedThere => phone::Cause::DeclinedThere,
        agent::Cause::Busy => phone::Cause::Busy,
        agent::Cause::NoAnswer => phone::Cause::NoAnswer,
        agent::Cause::AnsweredElsewhere => phone::Cause::AnsweredElsewhere,
        agent::Cause::DeclinedElsewhere => phone::Cause::DeclinedElsewhere,
        agent::Cause::DivertedHere(to) => phone::Cause::DivertedHere(shown(&to, domain)),
        agent::Cause::DivertedElsewhere => phone::Cause::DivertedElsewhere,
        agent::Cause::NotFound => phone::Cause::NotFound,
        agent::Cause::Gone => phone::Cause::Gone,
        agent::Cause::AddressIncomplete => phone::Cause::Incomplete,
        agent::Cause::AuthenticationFailed => phone::Cause::AuthenticationFailed,
        agent::Cause::AnonymityRefused | agent::Cause::Unwanted => phone::Cause::Unwanted,
        agent::Cause::Redirected(addresses) => {
            let first = addresses.first().map(|address| shown(&address.uri, domain));
            phone::Cause::Redirected(first.unwrap_or_default())
        }
        agent::Cause::Looped
        | agent::Cause::TooLarge
        | agent::Cause::ExtensionRequired
        | agent::Cause::SessionIntervalTooSmall
        | agent::Cause::BadRequest
        | agent::Cause::ServerError
        | agent::Cause::ServiceUnavailable { .. }
        | agent::Cause::Timeout => refused(),
        agent::Cause::Unavailable => phone::Cause::Unavailable,
        agent::Cause::NotAcceptable(words) => phone::Cause::NotAcceptable(words),
        agent::Cause::Forbidden => phone::Cause::Forbidden,
        agent::Cause::Media(failure) => phone::Cause::Media(media(failure)),
        agent::Cause::Network => phone::Cause::Network,
        agent::Cause::Status(status) => phone::Cause::Status(status.code()),
        agent::Cause::Replaced | agent::Cause::Transferred => phone::Cause::Transferred,
        agent::Cause::Away => phone::Cause::Away,
        agent::Cause::Told(words) => phone::Cause::Told(words),
        agent::Cause::Unfit(unfit) => {
            let mut remedies: Vec<String> = Vec::new();
            for reason in unfit.reasons() {
                if remedies.iter().all(|known| known != reason.remedy()) {
                    remedies.push(reason.remedy().to_owned());
                }
            }
            phone::Cause::Unfit { lacks: unfit.to_string(), remedies }
        }
    }
}

const fn media(failure: agent::MediaFailure) -> phone::MediaFailure {
    match failure {
        agent::MediaFailure::Denied => phone::MediaFailure::Denied,
        agent::MediaFailure::NoDevice => phone::MediaFailure::NoDevice,
        agent::MediaFailure::DeviceBusy => phone::MediaFailure::DeviceBusy,
        agent::MediaFailure::Insecure => phone::MediaFailure::Insecure,
        agent::MediaFailure::Unsupported => phone::MediaFailure::Unsupported,
        agent::MediaFailure::Description => phone::MediaFailure::Description,
        agent::MediaFailure::Connectivity => phone::MediaFailure::Connectivity,
        agent::MediaFailure::NoRelay => phone::MediaFailure::NoRelay,
    }
}

/// Who is at the other end, by what they say of themselves.
pub fn party(remote: &NameAddr, domain: &str) -> phone::Party {
    phone::Party { number: number(&remote.uri, domain), name: remote.display().unwrap_or_default().to_owned() }
}

/// The party that a person tried to dial, when it could not even be tried.
pub fn typed(number: &str) -> phone::Party {
    phone::Party { number: number.trim().chars().take(64).collect(), name: String::new() }
}

/// What to dial to reach this address: inside our own domain the user part is enough.
fn number(uri: &Uri, domain: &str) -> String {
    match uri {
        Uri::Sip(sip) => {
            let host = sip.host.to_string();
            match sip.user_unescaped() {
                Some(user) if host.eq_ignore_ascii_case(domain) => user,
                Some(user) => format!("{user}@{host}"),
                None => host,
            }
        }
        Uri::Tel(..) => {
            let text = uri.to_string();
            text.split_once(':').map_or(text.clone(), |(_, rest)| rest.split(';').next().unwrap_or(rest).to_owned())
        }
        Uri::Other { .. } => uri.to_string(),
    }
}

/// The same where it is only told, and not called; it comes from the wire.
fn shown(uri: &Uri, domain: &str) -> String {
    number(uri, domain).chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(uri: &str, display: Option<&str>) -> NameAddr {
        let text = match display {
            Some(display) => format!("\"{display}\" <{uri}>"),
            None => format!("<{uri}>"),
        };
        text.parse().unwrap()
    }

    #[test]
    fn inside_our_domain_a_party_is_its_extension() {
        let shown = party(&remote("sip:1002@TABPHONE", Some("Ben Okafor")), "tabphone");
        assert_eq!(shown, phone::Party { number: "1002".into(), name: "Ben Okafor".into() });
        assert_eq!(party(&remote("sip:12%23@tabphone", None), "tabphone").number, "12#");
    }

    #[test]
    fn outside_of_it_a_party_is_its_address() {
        assert_eq!(party(&remote("sip:1002@example.org", Some("Eve")), "tabphone").number, "1002@example.org");
        assert_eq!(party(&remote("tel:+431234;phone-context=x", None), "tabphone").number, "+431234");
        assert_eq!(party(&remote("sip:example.org", None), "tabphone").number, "example.org");
    }

    #[test]
    fn an_answered_call_talks_only_once_its_media_is_connected() {
        assert_eq!(phase(agent::Phase::Established, false), phone::Phase::Connecting);
        assert_eq!(phase(agent::Phase::Established, true), phone::Phase::Talking);
        assert_eq!(phase(agent::Phase::Calling, true), phone::Phase::Calling);
    }

    #[test]
    fn what_no_browser_can_take_comes_with_each_remedy_once() {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
        let offer = format!("{head}m=audio 4000 RTP/SAVP 0\r\nm=audio 4002 RTP/AVP 0\r\n");
        let unfit = sip::sdp::SessionDescription::offer_for_browser(offer.as_bytes()).unwrap_err();
        let phone::Cause::Unfit { lacks, remedies } = cause(agent::Cause::Unfit(unfit), None, "") else {
            panic!("unfit")
        };
        assert!(lacks.contains("SDES") && lacks.contains("plain RTP"), "{lacks}");
        assert_eq!(remedies.iter().filter(|remedy| remedy.contains("SDES-off")).count(), 1, "{remedies:#?}");
    }

    #[test]
    fn a_refusal_keeps_its_status() {
        assert_eq!(
            registration(&agent::Registration::Refused(agent::Refusal::Misconfigured(
                sip::message::Status::METHOD_NOT_ALLOWED
            ))),
            phone::Registration::Refused(phone::Refusal::Misconfigured(405))
        );
        let refused = |cause: agent::Cause| super::cause(cause, Some(Status::SERVER_INTERNAL_ERROR), "tabphone");
        assert_eq!(refused(agent::Cause::Status(Status::FORBIDDEN)), phone::Cause::Status(403));
        assert_eq!(refused(agent::Cause::ServerError), phone::Cause::Status(500));
        let moved = agent::Cause::Redirected(vec![remote("sip:1002@tabphone", None)]);
        assert_eq!(refused(moved), phone::Cause::Redirected("1002".into()));
    }
}

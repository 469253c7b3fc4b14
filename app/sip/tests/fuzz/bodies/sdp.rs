//! The laws of session descriptions.

use super::memory::{Bound, bounded};
use sip::sdp::{Bandwidth, Direction, Fragment, SessionDescription};

/// What reading a description may take: a line of three bytes becomes a value of some dozen.
const READ: Bound = Bound { per_byte: 64, fixed: 8 * 1024 };

/// One description, or fragment of one; or an offer and its answer, with 0xFF between them.
pub fn sdp(data: &[u8]) {
    let mut pieces = data.splitn(2, |byte| *byte == 0xff);
    let (first, second) = (pieces.next().unwrap_or_default(), pieces.next());
    let offer = description(first);
    fragment(first);
    if let (Some(offer), Some(answer)) = (&offer, second.and_then(description)) {
        together(offer, &answer);
    }
    let _ = SessionDescription::offer_for_browser(first);
}

/// It prints as it was written, and so does what is changed of it.
fn description(data: &[u8]) -> Option<SessionDescription> {
    let parsed = bounded("SessionDescription", data.len(), READ, || SessionDescription::parse(data));
    let description = match parsed {
        Ok(description) => description,
        Err(error) => {
            assert!(error.offset <= data.len() && error.line >= 1, "{error} of {}", data.escape_ascii());
            return None;
        }
    };
    assert_eq!(description.to_bytes().escape_ascii().to_string(), data.escape_ascii().to_string());
    assert_eq!(SessionDescription::parse(&description.to_bytes()).as_ref(), Ok(&description));
    assert!(description.is_same_as(&description) && description.is_unchanged_from(&description));
    assert!(description.media_changes(&description).len() <= description.media().len());
    read(&description);
    changed(description.clone());
    Some(description)
}

fn read(description: &SessionDescription) {
    for (index, media) in description.media().iter().enumerate() {
        let _ = (media.codecs(), media.telephone_events(), media.candidates().count(), media.candidate_kinds());
        let _ = (media.port(), media.is_rejected(), media.mid(), media.msid(), media.ptime(), media.formats().count());
        let _ = (description.direction(index), description.is_held_by_address(index));
        let _ = (description.transport(index), description.dtls_role(index));
    }
    assert_eq!(description.direction(description.media().len()), None);
    let _ = (description.check_fit(), description.bundle().count(), description.trickles());
}

/// Changes do what they say, and their result can be read.
fn changed(mut description: SessionDescription) {
    let version = String::from(description.origin().version);
    description.increase_version();
    assert_ne!(description.origin().version, version);
    description.hold();
    for index in 0..description.media().len() {
        let rejected = description.media()[index].is_rejected();
        assert!(rejected || description.direction(index).is_none_or(|direction| !direction.receives()));
    }
    same(&description);
    description.resume();
    description.move_directions_down();
    description.offer_actpass();
    description.prune_candidates();
    same(&description);
    for media in description.media_mut() {
        media.set_direction(Direction::Inactive);
        assert_eq!(media.own_direction(), Some(Direction::Inactive));
        media.set_ptime(Some(40));
        assert_eq!(media.ptime(), Some(40));
        media.prefer(&["opus", "PCMU"]);
        media.remove_codec("telephone-event");
        let _ = media.set_parameter("opus", "usedtx", Some("1"));
        media.set_bandwidth(Bandwidth::As, Some(100));
    }
    same(&description);
    (0..description.media().len()).for_each(|index| description.reject(index));
    assert!(description.media().iter().all(|media| media.is_rejected()));
    same(&description);
}

/// What was made can be read again, unless it grew over a limit.
fn same(description: &SessionDescription) {
    let text = description.to_string();
    match SessionDescription::parse(text.as_bytes()) {
        Ok(again) => assert_eq!(again.to_string(), text),
        Err(error) => {
            let large =
                text.lines().any(|line| line.len() > 8000) || text.lines().count() > 1900 || text.len() > 60_000;
            assert!(large, "{error} of {text:?}");
        }
    }
}

fn fragment(data: &[u8]) {
    match bounded("Fragment", data.len(), READ, || Fragment::parse(data)) {
        Ok(fragment) => {
            let _ = (fragment.ice(), fragment.has_end_of_candidates());
            let text = fragment.to_string();
            assert_eq!(Fragment::parse(text.as_bytes()).map(|again| again.to_string()).as_ref(), Ok(&text));
        }
        Err(error) => assert!(error.offset <= data.len() && error.line >= 1, "{error} of {}", data.escape_ascii()),
    }
}

/// Whatever the answer is, mended it is one to this offer.
fn together(offer: &SessionDescription, answer: &SessionDescription) {
    let _ = (offer.continuity(answer), offer.media_changes(answer), Fragment::between(offer, answer));
    let mut mended = answer.clone();
    mended.mend_answer(offer);
    assert_eq!(mended.check_answer(offer), Ok(()), "{answer} for {offer}");
    same(&mended);
    let mut next = answer.clone();
    next.continue_from(offer);
    next.mend_reoffer(offer);
    same(&next);
    let mut sent = answer.clone();
    sent.prepare_to_send(Some(offer));
    same(&sent);
    if let Ok(fit) = SessionDescription::answer_for_browser(&answer.to_bytes(), offer) {
        same(&fit);
    }
}

use crate::samples::*;
use sip::sdp::{Direction, MediaChange, Mismatch, SessionDescription, Unfit};

fn kinds(description: &SessionDescription) -> Vec<(String, bool)> {
    description.media().iter().map(|media| (media.kind().to_string(), media.is_rejected())).collect()
}

fn said(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|(kind, rejected)| (kind.to_string(), *rejected)).collect()
}

#[test]
fn an_answer_that_fits_stays_as_it_is() {
    let mut answer = parse(ASTERISK);
    assert_eq!(answer.check_answer(&parse(CHROME)), Ok(()));
    assert_eq!(answer.mend_answer(&parse(CHROME)), []);
    assert_eq!(text(&answer), ASTERISK);
}

#[test]
fn what_was_not_offered_goes_with_its_bundle_entry() {
    let offer = parse(CHROME);
    let video = CHROME_VIDEO.replace("actpass", "active");
    let mut answer = parse(&(ASTERISK.replace("BUNDLE 0", "BUNDLE 0 1") + &video));
    assert_eq!(answer.mend_answer(&offer), [Mismatch::Superfluous { index: 1 }, Mismatch::Bundle]);
    assert_eq!(text(&answer), ASTERISK);
}

#[test]
fn sections_go_where_the_offer_has_them() {
    let offer = parse(&chrome_with_video());
    let (head, audio) = ASTERISK.split_at(ASTERISK.find("m=audio").unwrap());
    let video = CHROME_VIDEO.replace("actpass", "active");
    let mut answer = parse(&[&head.replace("BUNDLE 0", "BUNDLE 0 1"), video.as_str(), audio].concat());
    let found = answer.mend_answer(&offer);
    assert!(found.contains(&Mismatch::Kind { index: 0 }) && found.contains(&Mismatch::Mid { index: 1 }), "{found:?}");
    assert_eq!(kinds(&answer), said(&[("audio", false), ("video", false)]));
    assert_eq!(answer.bundle().collect::<Vec<_>>(), ["0", "1"]);
    assert_eq!(answer.check_answer(&offer), Ok(()));
}

#[test]
fn protocol_name_direction_and_refusal_follow_the_offer() {
    let mut offer = parse(&CHROME.replace("a=sendrecv", "a=sendonly"));
    let odd = ASTERISK.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF").replace("a=mid:0", "a=mid:audio");
    let mut answer = parse(&odd.replace("BUNDLE 0", "BUNDLE audio"));
    let at = |mismatch: fn(usize) -> Mismatch| mismatch(0);
    let expected = [
        at(|index| Mismatch::Protocol { index }),
        at(|index| Mismatch::Mid { index }),
        at(|index| Mismatch::Direction { index }),
        Mismatch::Bundle,
    ];
    assert_eq!(answer.mend_answer(&offer), expected);
    assert_eq!(answer.direction(0), Some(Direction::RecvOnly));
    assert_eq!((answer.media()[0].mid(), answer.media()[0].protocol()), (Some("0"), "UDP/TLS/RTP/SAVPF"));
    assert_eq!(answer.check_answer(&offer), Ok(()));
    offer.reject(0);
    let mut answer = parse(ASTERISK);
    assert!(answer.mend_answer(&offer).contains(&Mismatch::NotRejected { index: 0 }));
    assert!(answer.media()[0].is_rejected());
}

#[test]
fn what_only_the_bundle_carries_is_not_refused() {
    let bundled = chrome_with_video().replace("m=video 9", "m=video 0").replace("a=mid:1", "a=bundle-only\na=mid:1");
    let offer = parse(&bundled);
    assert_eq!(kinds(&offer), said(&[("audio", false), ("video", false)]));
    let answer = ASTERISK.replace("BUNDLE 0", "BUNDLE 0 1") + &CHROME_VIDEO.replace("actpass", "active");
    assert_eq!(parse(&answer).check_answer(&offer), Ok(()));
}

#[test]
fn nothing_that_answers_the_offer_makes_an_answer_unfit() {
    let video_only = parse(&chrome_with_video());
    let (head, _) = ASTERISK.split_at(ASTERISK.find("m=audio").unwrap());
    let video = [head, &CHROME_VIDEO.replace("actpass", "active")].concat();
    assert!(SessionDescription::answer_for_browser(&wire(&video), &video_only).is_ok());
    let unfit = SessionDescription::answer_for_browser(&wire(&video), &parse(CHROME)).unwrap_err();
    assert_eq!(unfit.reasons(), [Unfit::NoMedia]);
}

#[test]
fn a_next_offer_never_has_fewer_sections() {
    let before = parse(&chrome_with_video());
    let (head, _) = ASTERISK.split_at(ASTERISK.find("m=audio").unwrap());
    // The sound was dropped, the picture moved to the front: it keeps its place.
    let received = parse(&[head, CHROME_VIDEO].concat());
    let mut mended = received.clone();
    assert!(mended.mend_reoffer(&before));
    assert_eq!(kinds(&mended), said(&[("audio", true), ("video", false)]));
    assert_eq!(mended.media_changes(&before), [MediaChange::Rejected { index: 0 }]);
    assert!(!mended.clone().mend_reoffer(&before));
    // What the browser answers to that goes back into the form that was asked for.
    let mut answer = mended.clone();
    assert!(!answer.mend_answer(&received).is_empty());
    assert_eq!(kinds(&answer), said(&[("video", false)]));
    // A place that is over may be used again.
    let mut over = parse(&chrome_with_video());
    over.reject(1);
    let mut other = parse(&chrome_with_video().replace("a=mid:1", "a=mid:2"));
    assert!(!other.mend_reoffer(&over));
    assert_eq!(other.media_changes(&over), [MediaChange::Reused { index: 1 }]);
}

#[test]
fn an_offer_of_a_fresh_connection_has_the_sections_of_the_session_in_their_order() {
    let before = parse(&chrome_with_video());
    // The fresh connection has no picture: its place is over.
    let mut fresh = parse(CHROME);
    assert!(fresh.mend_fresh_offer(&before));
    assert_eq!(kinds(&fresh), said(&[("audio", false), ("video", true)]));
    assert_eq!(fresh.media()[1].mid(), Some("1"));
    assert!(!fresh.clone().mend_fresh_offer(&before), "nothing is missing any more");
    // What is answered to it goes back to what the connection made.
    let mut answer = parse(&ASTERISK.replace("actpass", "active"));
    answer.mend_answer(&fresh);
    answer.mend_answer(&parse(CHROME));
    assert_eq!(kinds(&answer), said(&[("audio", false)]));
    // It names its sections as it likes; one that is new stands behind.
    let mut named = parse(&chrome_with_video().replace("a=mid:1", "a=mid:video").replace("a=mid:0", "a=mid:1"));
    assert!(!named.mend_fresh_offer(&parse(CHROME)));
    assert_eq!(kinds(&named), said(&[("audio", false), ("video", false)]));
    let mut renamed = parse(&CHROME.replace("a=mid:0", "a=mid:1"));
    assert!(renamed.mend_fresh_offer(&before));
    assert_eq!(renamed.media()[1].mid(), None, "no name stands twice");
}

#[test]
fn changes_between_offers_are_told() {
    let (one, two) = (parse(CHROME), parse(&chrome_with_video()));
    assert_eq!(one.media_changes(&one), []);
    assert_eq!(two.media_changes(&one), [MediaChange::Added { index: 1 }]);
    assert_eq!(one.media_changes(&two), [MediaChange::Missing { index: 1 }]);
    let mut held = parse(CHROME);
    held.hold();
    let turned = MediaChange::Direction { index: 0, from: Direction::SendRecv, to: Direction::SendOnly };
    assert_eq!(held.media_changes(&one), [turned]);
    let other = parse(&CHROME.replace("m=audio", "m=video"));
    assert_eq!(other.media_changes(&one), [MediaChange::Replaced { index: 0 }]);
}

#[test]
fn directions_are_answered_as_they_were_offered() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (offered, wanted, answered) in [
        (SendRecv, SendRecv, SendRecv),
        (SendRecv, SendOnly, SendOnly),
        (SendOnly, SendRecv, RecvOnly),
        (SendOnly, SendOnly, Inactive),
        (RecvOnly, SendRecv, SendOnly),
        (Inactive, SendRecv, Inactive),
    ] {
        assert_eq!(offered.answered_with(wanted), answered, "{offered:?} {wanted:?}");
        assert_eq!(offered.reversed().reversed(), offered);
    }
}

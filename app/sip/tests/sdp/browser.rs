use crate::samples::*;
use sip::sdp::{SessionDescription, Unfit};

fn unfit(sample: &str) -> Vec<Unfit> {
    SessionDescription::offer_for_browser(&wire(sample)).unwrap_err().reasons().to_vec()
}

#[test]
fn what_browsers_and_their_servers_offer_is_taken_with_few_changes() {
    for sample in [CHROME, &chrome_with_video(), FREESWITCH] {
        let offer = SessionDescription::offer_for_browser(&wire(sample)).unwrap();
        assert_eq!(text(&offer), sample);
    }
    let firefox = SessionDescription::offer_for_browser(&wire(FIREFOX)).unwrap();
    assert_eq!(changes(FIREFOX, &firefox), ["-a=sendrecv"]);
}

#[test]
fn every_reason_is_told_once() {
    let malformed = SessionDescription::offer_for_browser(b"v=0\r\n").unwrap_err();
    assert!(matches!(malformed.reasons(), [Unfit::Malformed(_)]), "{malformed:?}");
    assert_eq!(
        malformed.to_string(),
        "malformed SDP: the origin (o=) is missing or not well-formed in line 2, at byte 5"
    );
    let fax = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=image 4000 udptl t38\n";
    assert_eq!(unfit(fax), [Unfit::NoMedia]);
    assert_eq!(unfit(&CHROME.replace("m=audio 54609", "m=audio 0")), [Unfit::NoMedia]);
    assert_eq!(unfit(&CHROME.replace("Ab3d", "abc")), [Unfit::BadIce]);
    let g729 = ASTERISK_PLAIN.replace("RTP/AVP 8 0 101", "RTP/SAVP 18 101");
    assert_eq!(unfit(&g729), [Unfit::Sdes, Unfit::NoIce, Unfit::NoRtcpMux, Unfit::NoCodec, Unfit::PlainRtp]);
    let all = [Unfit::NoMedia, Unfit::Sdes, Unfit::PlainRtp, Unfit::NoFingerprint, Unfit::NoIce, Unfit::BadIce];
    for reason in all.into_iter().chain([Unfit::NoRtcpMux, Unfit::NoCodec]) {
        let remedy = reason.remedy();
        assert!(["Asterisk", "FreeSWITCH"].iter().all(|pbx| remedy.contains(pbx)), "{reason}: {remedy}");
        assert!(!remedy.contains("  ") && reason.to_string().is_ascii() && !reason.to_string().contains('"'));
    }
}

#[test]
fn a_section_that_browsers_do_not_know_is_over_before_they_see_it() {
    let fax = "m=image 4000 udptl t38\na=T38FaxVersion:0\n";
    let offer = SessionDescription::offer_for_browser(&wire(&[FREESWITCH, fax].concat())).unwrap();
    assert_eq!(changes(FREESWITCH, &offer), ["+m=image 0 udptl t38", "+a=T38FaxVersion:0", "+a=inactive"]);
}

/// Chrome refuses the whole for each of these.
#[test]
fn lines_without_value_or_end_do_not_reach_the_browser() {
    let empty = FREESWITCH.replace("s=FreeSWITCH", "s=\ni=").replace("t=0 0", "t=") + "a=\n\n";
    let offer = SessionDescription::offer_for_browser(&wire(&empty)).unwrap();
    assert_eq!(text(&offer), FREESWITCH.replace("s=FreeSWITCH", "s=-"));
    let open = SessionDescription::offer_for_browser(&wire(FREESWITCH.trim_end())).unwrap();
    assert_eq!(text(&open), FREESWITCH);
}

#[test]
fn our_own_description_is_made_ready_for_the_wire() {
    let mut first = parse(CHROME);
    first.prepare_to_send(None);
    let gone = changes(CHROME, &first);
    assert_eq!(gone.iter().filter(|line| line.contains(".local")).count(), 2);
    assert!(gone.contains(&"-a=rtpmap:13 CN/8000".to_string()));
    // A fresh connection in the same call: the other end sees the same session go on.
    let mut second = parse(&CHROME.replace("4611731400430051336 2", "777 2").replace("a=sendrecv", "a=sendonly"));
    second.prepare_to_send(Some(&first));
    assert_eq!(second.origin().session_id, first.origin().session_id);
    assert_eq!(second.origin().version, "3");
    assert_eq!(second.check_fit(), Ok(()));
}

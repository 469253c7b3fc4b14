use crate::samples::*;
use sip::sdp::{Direction, Mismatch, SessionDescription, Unfit};

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

/// Plain video beside sound that is fit, as a PBX offers it for its codec list.
const PLAIN_VIDEO: &str = "m=video 5000 RTP/AVP 99\na=rtpmap:99 H264/90000\n";

#[test]
fn a_picture_that_no_browser_takes_does_not_cost_the_sound() {
    let received = parse(&[FREESWITCH, PLAIN_VIDEO].concat());
    let offer = SessionDescription::offer_for_browser(&received.to_bytes()).unwrap();
    let refused = PLAIN_VIDEO.replace("5000", "0") + "a=inactive\n";
    assert_eq!(text(&offer), [FREESWITCH, &refused].concat());
    // What the admin is told.
    let advice = received.check_fit().unwrap_err();
    assert_eq!(advice.reasons(), [Unfit::PlainRtp, Unfit::NoIce, Unfit::NoRtcpMux]);
    // The browser answers what it got; it pairs with what was received, however the browser writes it.
    for video in [&refused, &refused.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF"), ""] {
        let mut answer = parse(&[&ASTERISK.replace("a=mid:0\n", ""), video].concat());
        let found = answer.mend_answer(&received);
        assert!(!found.contains(&Mismatch::Kind { index: 1 }), "{found:?}");
        assert_eq!(answer.check_answer(&received), Ok(()));
        assert!(text(&answer).contains("m=video 0 RTP/AVP 99\n") && !answer.media()[0].is_rejected());
    }
}

#[test]
fn sound_that_is_offered_twice_is_taken_where_it_is_fit() {
    let (head, sound) = FREESWITCH.split_at(FREESWITCH.find("m=audio").unwrap());
    let offer = [head, "m=audio 5000 RTP/AVP 0\n", sound].concat();
    let offer = SessionDescription::offer_for_browser(&wire(&offer)).unwrap();
    assert_eq!(offer.media().iter().map(sip::sdp::Media::is_rejected).collect::<Vec<_>>(), [true, false]);
    // A picture alone is no call.
    let silent = [head, "m=audio 5000 RTP/AVP 0\n", CHROME_VIDEO].concat();
    assert_eq!(unfit(&silent), [Unfit::PlainRtp, Unfit::NoIce, Unfit::NoRtcpMux]);
    // An answer is treated alike.
    let answer = ASTERISK.to_string() + PLAIN_VIDEO;
    let answer = SessionDescription::answer_for_browser(&wire(&answer), &parse(&chrome_with_video())).unwrap();
    assert_eq!(answer.media().iter().map(sip::sdp::Media::is_rejected).collect::<Vec<_>>(), [false, true]);
    assert_eq!(answer.check_fit(), Ok(()));
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

/// Sound in a bundle, without the keys, which another section has.
const BUNDLED_AUDIO: &str = "m=audio 0 UDP/TLS/RTP/SAVPF 0
c=IN IP4 0.0.0.0
a=bundle-only
a=mid:1
";

/// What stands in the first section of a bundle: the transport (RFC 9143 7.1.3).
const TRANSPORT: &str = "a=ice-ufrag:Ab3d
a=ice-pwd:aB3dE6gH9jK2mN5pQ8sT1vW4
a=ice-options:trickle
a=fingerprint:sha-256 19:E2:1C:3B
a=setup:actpass
a=tls-id:f81d4fae7dec11d0a765
a=rtcp-mux
a=candidate:1 1 udp 1 192.0.2.1 4000 typ host
a=end-of-candidates
";

const BUNDLE: &str = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\na=group:BUNDLE 0 1\n";

#[test]
fn a_bundle_keeps_its_transport_when_its_first_section_goes() {
    let first = "m=message 4000 TCP/TLS/MSRP *\nc=IN IP4 192.0.2.1\na=mid:0\n";
    let offer = [BUNDLE, first, TRANSPORT, BUNDLED_AUDIO].concat();
    assert_eq!(parse(&offer).check_fit(), Ok(()));
    let taken = SessionDescription::offer_for_browser(&wire(&offer)).unwrap();
    assert_eq!(taken.check_fit(), Ok(()));
    assert_eq!(taken.bundle().collect::<Vec<_>>(), ["1"]);
    let first = first.replace("4000", "0") + "a=inactive\n";
    let audio = "m=audio 4000 UDP/TLS/RTP/SAVPF 0\nc=IN IP4 192.0.2.1\na=mid:1\n";
    let head = BUNDLE.replace("BUNDLE 0 1", "BUNDLE 1");
    assert_eq!(text(&taken), [&head, first.as_str(), audio, TRANSPORT].concat());
    assert_eq!(taken.direction(1), Some(Direction::SendRecv), "that is no hold");

    // It does not go to a section that is over, though its name is still there.
    let over = "m=video 0 UDP/TLS/RTP/SAVPF 96\na=mid:2\n";
    let offer = [&offer.replace("BUNDLE 0 1", "BUNDLE 0 2 1"), over].concat();
    let taken = SessionDescription::offer_for_browser(&wire(&offer)).unwrap();
    assert!(taken.bundle().eq(["1"]) && taken.media()[1].candidates().count() == 1);

    // The same for a picture that is refused here.
    let video = "m=video 4000 UDP/TLS/RTP/SAVPF 96\na=mid:0\n";
    let mut offer = parse(&[BUNDLE, video, TRANSPORT, BUNDLED_AUDIO].concat());
    let transport = offer.clone();
    offer.reject(0);
    assert_eq!(offer.check_fit(), Ok(()));
    assert_eq!(offer.transport(1), transport.transport(0));
    offer.reject(1);
    assert!(offer.media().iter().all(sip::sdp::Media::is_rejected));
    assert_eq!(offer.bundle().count(), 0);
}

#[test]
fn a_section_with_a_transport_of_its_own_keeps_that() {
    let own = "m=audio 5000 UDP/TLS/RTP/SAVPF 0\na=mid:1\n".to_string() + &TRANSPORT.replace("Ab3d", "own1");
    let own = own.replace("a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\na=end-of-candidates\n", "");
    let video = "m=video 4000 UDP/TLS/RTP/SAVPF 96\na=mid:0\n";
    let mut offer = parse(&[BUNDLE, video, TRANSPORT, &own].concat());
    offer.reject(0);
    assert!(text(&offer).ends_with(&own), "candidates of another ICE session are none of this one");
    // The same ICE session: without these candidates nobody finds it.
    let mut offer = parse(&[BUNDLE, video, TRANSPORT, &own.replace("own1", "Ab3d")].concat());
    offer.reject(0);
    assert!(offer.media()[1].candidates().count() == 1 && offer.media()[1].has_end_of_candidates());
}

#[test]
fn an_answer_keeps_its_transport_when_a_section_goes_that_was_not_offered() {
    let offer = parse(&[BUNDLE, "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:1\n", TRANSPORT].concat());
    let video = "m=video 4000 UDP/TLS/RTP/SAVPF 96\na=mid:0\n";
    let audio = BUNDLED_AUDIO.replace("m=audio 0", "m=audio 9").replace("a=bundle-only\n", "");
    let answer = [BUNDLE, video, &TRANSPORT.replace("actpass", "active"), &audio].concat();
    let answer = SessionDescription::answer_for_browser(&wire(&answer), &offer).unwrap();
    assert_eq!((answer.media().len(), answer.check_fit()), (1, Ok(())));
}

#[test]
fn a_bundle_says_rtcp_mux_once_and_browsers_hear_it_in_each_section() {
    let video: String = CHROME_VIDEO.split_inclusive('\n').filter(|line| !line.contains("rtcp-mux")).collect();
    let offer = chrome_with_video().replace(CHROME_VIDEO, &video);
    assert_eq!(parse(&offer).check_fit(), Ok(()));
    let taken = SessionDescription::offer_for_browser(&wire(&offer)).unwrap();
    assert_eq!(text(&taken), offer.clone() + "a=rtcp-mux\n");
    let answer = SessionDescription::answer_for_browser(&wire(&offer), &parse(&chrome_with_video())).unwrap();
    assert!(answer.media().iter().all(sip::sdp::Media::has_rtcp_mux));
    // Nobody says it, or it is another bundle.
    let alone = parse(&offer.replace("BUNDLE 0 1", "BUNDLE 0")).check_fit().unwrap_err();
    assert_eq!(alone.reasons(), [Unfit::NoRtcpMux]);
}

#[test]
fn comfort_noise_goes_unless_it_is_all_there_is() {
    let only = BUNDLED_AUDIO.replace("SAVPF 0", "SAVPF 13");
    let mut ours = parse(&[BUNDLE, &only].concat());
    ours.prepare_to_send(None);
    assert!(ours.media()[0].formats().eq(["13"]), "every section has a format");
}

use crate::samples::*;
use sip::sdp::{Candidate, CandidateKind, Continuity, Fragment, SessionDescription};

#[test]
fn keys_are_found_at_all_three_levels() {
    let firefox = parse(FIREFOX);
    let transport = firefox.transport(0).unwrap();
    assert_eq!(transport.ufrag, Some("9c1d2e3f"));
    assert_eq!(transport.fingerprints.len(), 1, "the session's");
    assert!(firefox.transport(1).is_none());
    // A section of a bundle may leave the keys to the first.
    let own = ["a=ice-", "a=fingerprint", "a=setup"];
    let video: String =
        CHROME_VIDEO.split_inclusive('\n').filter(|line| !own.iter().any(|own| line.starts_with(own))).collect();
    let bundled = parse(&(CHROME.replace("BUNDLE 0", "BUNDLE 0 1") + &video));
    assert_eq!(bundled.transport(1), bundled.transport(0));
    assert_eq!(bundled.check_fit(), Ok(()));
    let alone = parse(&(CHROME.to_string() + &video));
    assert_eq!(alone.transport(1).unwrap().ufrag, None);
}

#[test]
fn another_association_or_role_is_a_new_peer() {
    let before = parse(RTPENGINE);
    let association = RTPENGINE.replace("f81d4fae", "00000000");
    assert_eq!(parse(&association).continuity(&before), Continuity::NewPeer);
    let role = RTPENGINE.replace("setup:active", "setup:passive");
    assert_eq!(parse(&role).continuity(&before), Continuity::NewPeer);
    // Offers that were made to say actpass decide nothing.
    let offer = SessionDescription::offer_for_browser(&wire(&role)).unwrap();
    assert_eq!(offer.continuity(&before), Continuity::Same);
}

#[test]
fn candidates_are_read_and_written_with_all_they_say() {
    let chrome = parse(CHROME);
    let candidates: Vec<Candidate<'_>> = chrome.media()[0].candidates().collect();
    assert_eq!(candidates.len(), 3);
    assert!(candidates[0].is_mdns() && candidates[0].ip().is_none());
    let reflexive = &candidates[2];
    assert_eq!((reflexive.component, reflexive.priority, reflexive.port), (1, 1_518_280_447, 54609));
    assert_eq!(reflexive.kind, CandidateKind::ServerReflexive);
    assert_eq!((reflexive.related_address, reflexive.related_port), (Some("0.0.0.0"), Some(0)));
    assert_eq!(reflexive.extensions, "generation 0 network-id 1");
    let printed: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    assert_eq!(printed, chrome.media()[0].attributes("candidate").collect::<Vec<_>>());
    for bad in ["", "1 1 udp 1 a 1", "1 1 udp 1 a 1 type host", "1 1 udp x a 1 typ host", "1 1 udp 1 a 70000 typ host"]
    {
        assert_eq!(Candidate::parse(bad), None, "{bad}");
    }
    let odd = Candidate::parse("1 1 udp 1 2001:db8::1 5 typ new generation 0").unwrap();
    assert_eq!((odd.kind, odd.extensions), (CandidateKind::Other("new"), "generation 0"));
    assert!(odd.ip().is_some());
}

#[test]
fn candidates_that_follow_travel_in_a_fragment() {
    let before: String = CHROME.split_inclusive('\n').filter(|line| !line.contains("srflx")).collect();
    let after = CHROME.replace("a=rtcp-mux\n", "a=rtcp-mux\na=end-of-candidates\n");
    let fragment = Fragment::between(&parse(&before), &parse(&after)).unwrap();
    let expected = "a=ice-ufrag:Ab3d
a=ice-pwd:aB3dE6gH9jK2mN5pQ8sT1vW4
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1853887674 1 udp 1518280447 203.0.113.7 54609 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-id 1
a=end-of-candidates
";
    assert_eq!(text(&fragment), expected);
    let read = Fragment::parse(&wire(expected)).unwrap();
    assert_eq!(read.to_string(), fragment.to_string());
    assert_eq!(read.ice(), Some(("Ab3d", "aB3dE6gH9jK2mN5pQ8sT1vW4")));
    let media = &read.media()[0];
    assert_eq!((media.mid(), media.candidates().count(), media.has_end_of_candidates()), (Some("0"), 1, true));
    assert!(read.belongs_to(&parse(CHROME)) && !read.belongs_to(&parse(FIREFOX)));
    assert!(!read.belongs_to(&parse(&CHROME.replace("Ab3d", "Zb3d"))), "before the restart");
    assert_eq!(Fragment::between(&parse(&after), &parse(&after)), None);
    let nothing = Fragment::parse(b"a=ice-ufrag:Ab3d\r\na=ice-pwd:x\r\na=end-of-candidates\r\n").unwrap();
    assert!(nothing.has_end_of_candidates() && nothing.media().is_empty());
    assert!(Fragment::parse(b"candidate").is_err());
}

#[test]
fn sections_say_whose_stream_they_carry() {
    assert_eq!(parse(CHROME).media()[0].msid(), Some("3f2a 8c1d"));
    assert_eq!(parse(FREESWITCH).media()[0].msid(), None);
}

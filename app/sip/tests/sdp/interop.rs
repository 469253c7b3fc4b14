//! The behaviours of the field that break calls (M1 to M17 of the survey that this phone is built on): for each, what
//! a description can do about it.

use crate::samples::*;
use sip::header::Warning;
use sip::sdp::{
    CandidateKinds, Continuity, Direction, DtlsRole, MediaChange, Mismatch, SessionDescription, Setup, Unfit,
};

fn reasons(sample: &str) -> Vec<Unfit> {
    parse(sample).check_fit().map_or_else(|unfit| unfit.reasons().to_vec(), |()| Vec::new())
}

/// Browsers demand rtcp-mux; an Asterisk of old has it off.
#[test]
fn m1_an_offer_without_rtcp_mux_tells_the_admin_what_to_set() {
    let without = ASTERISK.replace("a=rtcp-mux\n", "");
    assert_eq!(reasons(&without), [Unfit::NoRtcpMux]);
    assert!(Unfit::NoRtcpMux.remedy().contains("webrtc=yes") && Unfit::NoRtcpMux.remedy().contains("rtcp_mux=yes"));
    // Who can do nothing else has it, too (RFC 8858).
    assert_eq!(reasons(&ASTERISK.replace("a=rtcp-mux\n", "a=rtcp-mux-only\n")), []);
}

/// `webrtc=yes` sets everything at once. What remains: the admin page shows the words.
#[test]
fn m2_whatever_a_plain_asterisk_endpoint_lacks_is_said_at_once_and_mended_by_one_setting() {
    let unfit = parse(ASTERISK_PLAIN).check_fit().unwrap_err();
    assert_eq!(unfit.reasons(), [Unfit::PlainRtp, Unfit::NoIce, Unfit::NoRtcpMux]);
    assert!(unfit.reasons().iter().all(|reason| reason.remedy().contains("webrtc=yes")));
    assert_eq!(reasons(ASTERISK), []);
}

/// Offers without ICE or fingerprint, or with SDES, are refused with a reason. What remains: the driver sends the 488.
#[test]
fn m3_sdes_and_missing_keys_make_a_warning_for_the_488() {
    let sdes = RTPENGINE.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVP");
    let sdes: String = sdes.split_inclusive('\n').filter(|line| !line.contains("fingerprint")).collect();
    assert_eq!(reasons(&sdes), [Unfit::Sdes]);
    assert_eq!(reasons(&sdes.replace("RTP/SAVP", "RTP/AVP")), [Unfit::Sdes], "keys that the profile does not announce");
    assert!(Unfit::Sdes.remedy().contains("SDES-off"));
    // SDES keys beside DTLS are no obstacle: they are taken out before the browser sees them.
    let both = SessionDescription::offer_for_browser(&wire(RTPENGINE)).unwrap();
    assert!(!both.to_string().contains("a=crypto"));
    let bare: String = FREESWITCH.split_inclusive('\n').filter(|line| !line.contains("fingerprint")).collect();
    let bare = bare.replace("a=ice-ufrag:k7Xw2vQpL1mN9bRt\n", "");
    let unfit = SessionDescription::offer_for_browser(&wire(&bare)).unwrap_err();
    let warning = Warning::new(Warning::MISCELLANEOUS, "tabphone", &unfit.to_string()).unwrap();
    assert_eq!(warning.to_string(), r#"399 tabphone "no DTLS fingerprint; no ICE (ice-ufrag, ice-pwd)""#);
}

/// Peers repeat the role that they have when they offer again, which browsers refuse.
#[test]
fn m4_a_received_offer_says_actpass_and_an_answer_keeps_its_role() {
    let offer = SessionDescription::offer_for_browser(&wire(RTPENGINE)).unwrap();
    assert_eq!(offer.transport(0).unwrap().setup, Some(Setup::ActPass));
    assert!(changes(RTPENGINE, &offer).contains(&"+a=setup:actpass".to_string()));
    // Said for the session, or not at all, it is mended, too.
    let above = RTPENGINE.replace("a=setup:active\n", "").replace("a=ice-lite\n", "a=setup:passive\n");
    let above = SessionDescription::offer_for_browser(&wire(&above)).unwrap();
    assert_eq!((above.attribute("setup"), above.media()[0].attribute("setup")), (Some("actpass"), None));
    let silent = SessionDescription::offer_for_browser(&wire(&RTPENGINE.replace("a=setup:active\n", ""))).unwrap();
    assert_eq!(silent.media()[0].attribute("setup"), Some("actpass"));
    let answer = SessionDescription::answer_for_browser(&wire(ASTERISK), &parse(CHROME)).unwrap();
    assert_eq!(answer.dtls_role(0), Some(DtlsRole::Client));
    assert_eq!(answer.dtls_role(0).map(DtlsRole::other), Some(DtlsRole::Server), "ours, as long as the call lasts");
    // The browser does not know that the other end insists: what it answers is made to fit.
    for (insists, left) in [("active", "passive"), ("passive", "active"), ("actpass", "active")] {
        let received = parse(&RTPENGINE.replace("a=setup:active", &format!("a=setup:{insists}")));
        let mut answer = parse(&CHROME.replace("a=setup:actpass", "a=setup:active"));
        answer.take_role(&received);
        assert_eq!(answer.media()[0].attribute("setup"), Some(left), "{insists}");
    }
}

/// Certificates and ICE credentials that change tell whether the connection can go on. What remains: the driver makes
/// a fresh one for a new peer.
#[test]
fn m5_a_reinvite_from_another_peer_or_with_an_ice_restart_is_recognised() {
    let before = parse(FREESWITCH);
    let hold = FREESWITCH.replace("1718000001", "1718000002").replace("a=sendrecv", "a=sendonly");
    assert_eq!(parse(&hold).continuity(&before), Continuity::Same);
    let restart = hold.replace("k7Xw2vQpL1mN9bRt", "new7Xw2vQpL1mN9b").replace("s3cRtPw0r", "an0therPw");
    assert_eq!(parse(&restart).continuity(&before), Continuity::IceRestart);
    let bridged = restart.replace("5E:6F:70", "AA:BB:CC");
    assert_eq!(parse(&bridged).continuity(&before), Continuity::NewPeer);
    // rtpengine without `DTLS-fingerprint=sha-256`: another hash of the same certificate is no certificate we know.
    let hashed = RTPENGINE.replace("sha-1 4A:AD", "sha-256 4A:AD");
    assert_eq!(parse(&hashed).continuity(&parse(RTPENGINE)), Continuity::NewPeer);
    // The letters' case says nothing.
    assert_eq!(
        parse(&ASTERISK.replace("SHA-256 0A:1B", "sha-256 0a:1b")).continuity(&parse(ASTERISK)),
        Continuity::Same
    );
}

/// Hold leaves address, port and candidates alone, so that resume finds them.
#[test]
fn m6_hold_and_resume_change_directions_only() {
    let mut ours = parse(CHROME);
    ours.hold();
    assert_eq!(changes(CHROME, &ours), ["-a=sendrecv", "+a=sendonly"]);
    ours.resume();
    assert_eq!(text(&ours), CHROME);
    // A hold of the old kind is understood, and becomes one by direction.
    let old = FREESWITCH.replace("c=IN IP4 198.51.100.20", "c=IN IP4 0.0.0.0");
    let old = SessionDescription::offer_for_browser(&wire(&old)).unwrap();
    assert_eq!(old.direction(0), Some(Direction::SendOnly));
    assert_eq!(old.media()[0].own_direction(), Some(Direction::SendOnly));
    // A browser that has no candidates yet writes that address without meaning a hold.
    let early: String = FIREFOX.split_inclusive('\n').filter(|line| !line.contains("candidate")).collect();
    assert_eq!(parse(&early.replace("a=sendonly\n", "")).direction(0), Some(Direction::SendRecv));
}

/// Firefox says `sendrecv` for the session and `sendonly` for the section; FreeSWITCH heard the first.
#[test]
fn m7_directions_stand_in_the_sections_and_nowhere_else() {
    let mut ours = parse(FIREFOX);
    ours.prepare_to_send(None);
    assert_eq!(changes(FIREFOX, &ours), ["-a=sendrecv"]);
    assert_eq!(ours.direction(0), Some(Direction::SendOnly));
    // A section without a direction of its own gets the session's.
    let mut theirs = parse(&FIREFOX.replace("a=sendonly\n", "").replace("a=sendrecv", "a=recvonly"));
    theirs.move_directions_down();
    assert_eq!(theirs.media()[0].own_direction(), Some(Direction::RecvOnly));
    assert_eq!(theirs.attribute("recvonly"), None);
}

/// The direction that was agreed says whether we send. What remains: the driver sends nothing while held, with
/// `replaceTrack(null)`.
#[test]
fn m8_who_is_held_knows_that_nothing_is_to_be_sent() {
    let held = parse(&FREESWITCH.replace("a=sendrecv", "a=sendonly"));
    let ours = held.direction(0).unwrap().answered_with(Direction::SendRecv);
    assert_eq!((ours, ours.sends(), ours.receives()), (Direction::RecvOnly, false, true));
    let both = held.direction(0).unwrap().answered_with(Direction::SendRecv.held());
    assert_eq!(both, Direction::Inactive);
}

/// Servers stumble over names that only the local network can resolve.
#[test]
fn m9_candidates_behind_names_go_when_there_are_others() {
    let mut ours = parse(CHROME);
    ours.prune_candidates();
    let removed: Vec<String> = changes(CHROME, &ours);
    assert_eq!(removed.len(), 2);
    assert!(removed.iter().all(|line| line.starts_with("-a=candidate:") && line.contains(".local")));
    // They are all there is: better than nothing.
    let alone: String = CHROME.split_inclusive('\n').filter(|line| !line.contains("srflx")).collect();
    let mut ours = parse(&alone);
    ours.prune_candidates();
    assert_eq!(text(&ours), alone);
}

/// FreeSWITCH refuses what its `apply-candidate-acl` does not allow. What remains: the driver, on 488 to such an
/// offer, shows the words.
#[test]
fn m10_an_offer_that_only_its_own_network_can_reach_is_told() {
    let alone: String = CHROME.split_inclusive('\n').filter(|line| !line.contains("srflx")).collect();
    assert_eq!(parse(&alone).candidate_kinds(), CandidateKinds { hidden_host: true, ..CandidateKinds::default() });
    assert!(Unfit::NoIce.remedy().contains("apply-candidate-acl") && Unfit::NoIce.remedy().contains("restart"));
}

/// What only connects, and has no port to connect to, is nothing that the other end can try: who gathered no more than that does not
/// know their own address.
#[test]
fn what_only_connects_over_tcp_is_no_way_to_reach_somebody() {
    let active = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\n\
        a=candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 1\n";
    assert_eq!(parse(active).candidate_kinds(), CandidateKinds::default());
    let passive = active.replace("active", "passive");
    assert!(parse(&passive).candidate_kinds().host);
}

/// How long to gather depends on the kinds that are there. What remains: the driver's clock.
#[test]
fn m11_the_kinds_that_were_gathered_and_their_end_are_told() {
    let kinds = parse(CHROME).candidate_kinds();
    assert!(kinds.server_reflexive && !kinds.relay && !kinds.host, "{kinds:?}");
    assert!(parse(CHROME).trickles() && parse(FIREFOX).trickles() && !parse(FREESWITCH).trickles());
    assert!(parse(FREESWITCH).media()[0].has_end_of_candidates());
    assert!(!parse(CHROME).media()[0].has_end_of_candidates());
}

/// The 200 may have another description than the 183. What remains: the driver applies the 183 at once.
#[test]
fn m12_a_final_answer_is_compared_with_the_early_one() {
    let early = SessionDescription::answer_for_browser(&wire(ASTERISK), &parse(CHROME)).unwrap();
    let again = SessionDescription::answer_for_browser(&wire(ASTERISK), &parse(CHROME)).unwrap();
    assert!(again.is_same_as(&early));
    let counted = parse(&ASTERISK.replace("336 4 IN", "336 5 IN"));
    assert!(!counted.is_same_as(&early) && counted.is_unchanged_from(&early));
    let other = parse(&ASTERISK.replace("0A:1B:2C", "FF:EE:DD").replace("3a4b5c", "aaaaaa"));
    assert_eq!(other.continuity(&early), Continuity::NewPeer);
}

/// An offer can be read and checked while the phone rings, without an answer. What remains: the driver sets the
/// answer only when the call is taken.
#[test]
fn m13_all_that_ringing_needs_to_know_is_in_the_offer() {
    let offer = SessionDescription::offer_for_browser(&wire(FREESWITCH)).unwrap();
    assert_eq!(offer.check_fit(), Ok(()));
    assert_eq!(offer.dtls_role(0), None, "nobody begins before the answer says who");
    assert_eq!(offer.media().iter().map(sip::sdp::Media::kind).collect::<Vec<_>>(), ["audio"]);
}

/// Asterisk sends RTP before DTLS is done. What remains: the browser drops it. A description tells only that there is
/// to be a handshake, and who begins it.
#[test]
fn m14_who_begins_dtls_is_known_from_the_answer() {
    let waits = parse(&ASTERISK.replace("a=setup:active", "a=setup:passive"));
    assert_eq!(waits.dtls_role(0), Some(DtlsRole::Server));
    assert!(!waits.transport(0).unwrap().fingerprints.is_empty());
}

/// An offered `m=video` is only possible: refused, it stays in its place and leaves the bundle; an answer that forgets
/// it is mended.
#[test]
fn m15_video_that_is_not_taken_is_refused_in_its_place() {
    let offer = parse(&chrome_with_video());
    let mut answer = parse(ASTERISK);
    assert_eq!(answer.mend_answer(&offer), [Mismatch::Missing { index: 1 }]);
    let refused = "m=video 0 UDP/TLS/RTP/SAVPF 96 97 102 103 116 117 118\nc=IN IP4 0.0.0.0\na=inactive\na=mid:1\n";
    assert_eq!(text(&answer), format!("{ASTERISK}{refused}"));
    let mut ours = parse(&chrome_with_video());
    ours.reject(1);
    assert!(ours.media()[1].is_rejected());
    assert_eq!(ours.bundle().collect::<Vec<_>>(), ["0"]);
    assert_eq!(ours.check_answer(&offer), Ok(()));
    assert_eq!(ours.media_changes(&offer), [MediaChange::Rejected { index: 1 }]);
}

/// Comfort noise is not offered. What remains: the driver mutes with `track.enabled`, so that RTP goes on.
#[test]
fn m16_comfort_noise_is_not_offered() {
    let mut ours = parse(CHROME);
    ours.prepare_to_send(None);
    let line = "m=audio 54609 UDP/TLS/RTP/SAVPF 111 63 9 0 8 110 126\n";
    assert!(text(&ours).contains(line) && !text(&ours).contains("CN/8000"));
}

/// Digits go in RTP if the answer takes them. What remains: the driver sends INFO if not.
#[test]
fn m17_whether_digits_can_go_in_rtp_is_told_with_their_clock() {
    let events = |sample: &str| {
        let description = parse(sample);
        let events = description.media()[0].telephone_events();
        events.iter().map(|event| (event.payload_type, event.clock_rate, event.digits, event.fits)).collect::<Vec<_>>()
    };
    assert_eq!(events(CHROME), [(110, 48000, true, true), (126, 8000, true, true)]);
    assert_eq!(events(ASTERISK), [(126, 8000, true, true)]);
    let opus_only = ASTERISK.replace("SAVPF 111 8 0 126", "SAVPF 111 126");
    assert_eq!(events(&opus_only), [(126, 8000, true, false)], "the clock is not that of opus");
    let opus_only = CHROME.replace("SAVPF 111 63 9 0 8 13", "SAVPF 111");
    assert_eq!(events(&opus_only), [(110, 48000, true, true), (126, 8000, true, false)]);
    assert_eq!(events(&ASTERISK.replace(" 126\n", "\n")), []);
    assert_eq!(events(&ASTERISK.replace("a=fmtp:126 0-16", "a=fmtp:126 0-9")), [(126, 8000, false, true)]);
}

use super::*;

/// A description of the ICE session with this user fragment, and these candidates.
fn description(ufrag: &str, candidates: &[&str]) -> SessionDescription {
    let mut text = format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
         a=ice-ufrag:{ufrag}\r\na=ice-pwd:password-of-{ufrag}-which-is-long\r\na=ice-options:trickle\r\n"
    );
    for candidate in candidates {
        text += &format!("a=candidate:{candidate}\r\n");
    }
    text.parse().unwrap()
}

const HOST: &str = "1 1 udp 2122260223 192.0.2.1 40000 typ host generation 0";
const TOLD: &str = "2 1 udp 1686052607 198.51.100.1 40000 typ srflx raddr 192.0.2.1 rport 40000 generation 0";
const HIDDEN: &str = "3 1 udp 2122260223 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0.local 40000 typ host generation 0";

fn fragment(ufrag: &str, before: &[&str], now: &[&str]) -> Option<Body> {
    Trickling::between(&description(ufrag, before), description(ufrag, now))
}

#[test]
fn what_was_found_since_is_sent_under_the_name_of_its_session() {
    let body = fragment("aaaa", &[HOST], &[HOST, TOLD]).unwrap();
    let text = String::from_utf8(body.bytes).unwrap();
    assert!(text.contains("a=ice-ufrag:aaaa\r\n") && text.contains("a=mid:0\r\n"), "{text}");
    assert!(text.contains(TOLD) && !text.contains(HOST), "{text}");
    assert!(fragment("aaaa", &[HOST], &[HOST]).is_none());
}

#[test]
fn a_candidate_that_hides_its_address_is_not_sent_beside_one_that_does_not() {
    assert!(fragment("aaaa", &[], &[HIDDEN]).is_some());
    assert!(fragment("aaaa", &[TOLD], &[TOLD, HIDDEN]).is_none());
}

#[test]
fn what_the_browser_found_for_another_session_than_was_sent_is_not_sent() {
    assert!(Trickling::between(&description("aaaa", &[]), description("bbbb", &[HOST])).is_none());
}

#[test]
fn theirs_follow_the_description_that_they_are_of() {
    let trickling = Trickling::default();
    trickling.heard(&fragment("aaaa", &[HOST], &[HOST, TOLD]).unwrap());
    let following = trickling.following(&description("aaaa", &[HOST]));
    assert_eq!(following, [Following { index: 0, candidate: format!("candidate:{TOLD}") }]);
}

#[test]
fn those_of_an_older_generation_are_left_out_and_those_of_a_newer_one_wait() {
    let trickling = Trickling::default();
    trickling.heard(&fragment("aaaa", &[], &[HOST]).unwrap());
    assert_eq!(trickling.following(&description("bbbb", &[])), [], "ICE restarted meanwhile");
    trickling.heard(&fragment("bbbb", &[], &[TOLD]).unwrap());
    assert_eq!(trickling.following(&description("aaaa", &[])), [], "the offer that restarts is not applied yet");
    assert_eq!(trickling.following(&description("bbbb", &[])).len(), 1);
}

#[test]
fn what_is_no_fragment_harms_nothing() {
    let trickling = Trickling::default();
    trickling.heard(&fragment("aaaa", &[], &[HOST]).unwrap());
    trickling.heard(&Body { content_type: Fragment::CONTENT_TYPE.into(), bytes: b"\xff\0".to_vec() });
    assert_eq!(trickling.following(&description("aaaa", &[])).len(), 1);
}

//! What must hold for every description: parsing never panics, printing what was parsed is the identity, every change
//! leaves something that can be parsed, and a mended answer pairs with its offer.
//!
//! `PROPTEST_CASES` says how many cases of each are tried.

use crate::samples::*;
use proptest::prelude::*;
use sip::sdp::{Bandwidth, Direction, Fragment, SessionDescription};

const SAMPLES: [&str; 6] = [CHROME, FIREFOX, ASTERISK, ASTERISK_PLAIN, FREESWITCH, RTPENGINE];

/// Reads all that can be read, changes all that can be changed, and looks whether it can be read again.
fn exercise(bytes: &[u8]) {
    if let Ok(fragment) = Fragment::parse(bytes) {
        assert_eq!(fragment.to_string().as_bytes(), bytes);
        let _ = (fragment.ice(), fragment.has_end_of_candidates());
    }
    let description = match SessionDescription::parse(bytes) {
        Ok(description) => description,
        Err(error) => {
            assert!(error.offset <= bytes.len() && error.line >= 1);
            return;
        }
    };
    assert_eq!(description.to_bytes(), bytes);
    assert!(description.is_same_as(&description));
    read(&description);
    for change in CHANGES {
        let mut changed = description.clone();
        change(&mut changed);
        let again = SessionDescription::parse(&changed.to_bytes());
        assert_eq!(again.as_ref().map(ToString::to_string), Ok(changed.to_string()));
        read(&changed);
    }
    check_mended(&parse(CHROME), &description);
    check_mended(&description, &parse(CHROME));
    if let Ok(offer) = SessionDescription::offer_for_browser(bytes) {
        assert!(offer.check_fit().is_ok());
        assert!(SessionDescription::parse(&offer.to_bytes()).is_ok());
    }
    if let Ok(answer) = SessionDescription::answer_for_browser(bytes, &parse(CHROME)) {
        assert_eq!((answer.check_fit(), answer.check_answer(&parse(CHROME))), (Ok(()), Ok(())));
    }
}

fn read(description: &SessionDescription) {
    let _ = (description.check_fit(), description.origin(), description.bundle().count(), description.trickles());
    let _ = (description.candidate_kinds(), description.bandwidth(Bandwidth::As), description.continuity(description));
    for (index, media) in description.media().iter().enumerate() {
        assert!(media.formats().count() > 0 && !media.kind().is_empty());
        let _ = (description.direction(index), description.transport(index), description.dtls_role(index));
        let _ = (media.telephone_events(), media.ptime(), media.bandwidth(Bandwidth::Tias), media.mid(), media.msid());
        for candidate in media.candidates() {
            let text = candidate.to_string();
            assert_eq!(sip::sdp::Candidate::parse(&text), Some(candidate));
        }
    }
    assert!(description.media_changes(description).is_empty());
}

type Change = fn(&mut SessionDescription);

const CHANGES: [Change; 14] = [
    SessionDescription::hold,
    SessionDescription::resume,
    SessionDescription::move_directions_down,
    SessionDescription::offer_actpass,
    SessionDescription::increase_version,
    SessionDescription::prune_candidates,
    |description| description.prepare_to_send(None),
    |description| description.reject(0),
    |description| description.continue_from(&parse(CHROME)),
    |description| description.media_mut().iter_mut().for_each(|media| media.prefer(&["PCMA", "opus", "red"])),
    |description| {
        for media in description.media_mut() {
            for name in ["opus", "CN", "PCMU", "telephone-event", "G722", "PCMA", "VP8"] {
                media.remove_codec(name);
            }
        }
    },
    |description| {
        for media in description.media_mut() {
            let _ = media.set_parameter("opus", "maxaveragebitrate", Some("20000"));
            let _ = media.set_parameter("opus", "useinbandfec", None);
        }
    },
    |description| {
        for media in description.media_mut() {
            media.set_bandwidth(Bandwidth::As, Some(64));
            media.set_ptime(Some(20));
            media.set_maxptime(None);
            media.set_direction(Direction::Inactive);
        }
    },
    |description| {
        description.mend_reoffer(&parse(FIREFOX));
    },
];

fn check_mended(offer: &SessionDescription, answer: &SessionDescription) {
    let mut mended = answer.clone();
    mended.mend_answer(offer);
    assert_eq!(mended.check_answer(offer), Ok(()), "{mended}");
    assert_eq!(mended.media().len(), offer.media().len());
    assert!(SessionDescription::parse(&mended.to_bytes()).is_ok());
    assert!(mended.mend_answer(offer).is_empty());
}

/// A line that means something here, or nothing.
fn line() -> impl Strategy<Value = String> {
    let media = "m=(audio|video|application|image) (0|9|[1-9][0-9]{1,3}) (UDP/TLS/RTP/SAVPF|RTP/AVP|RTP/SAVP|udptl|UDP/DTLS/SCTP)( (0|8|13|9|111|63|110|96|97|t38|200)){1,5}";
    let attribute = "a=(mid:[ab01]|mid|sendrecv|sendonly|recvonly|inactive|bundle-only|rtcp-mux|setup:(active|passive|actpass|x)|ice-ufrag:[a-z]{3,5}|ice-pwd:[a-z]{20,24}|fingerprint:sha-256 AA:(BB|CC)|crypto:1 x|end-of-candidates|ptime:20|tls-id:[a-b])";
    let codec = "a=(rtpmap:(111|63|110|96|97|13) (opus/48000/2|red/48000|telephone-event/8000|VP8/90000|rtx/90000|CN/8000|x)|fmtp:(111|63|97|110) (111/111|apt=96|apt=97|0-15|a=b; c ;d=e))";
    let candidate = "a=candidate:[1-9] 1 (udp|tcp) [0-9]{1,5} (192[.]0[.]2[.]1|a[.]local|::1) [0-9]{1,4} typ (host|srflx|x)( raddr a| rport 1| generation 0){0,2}";
    let other = "[a-ln-z]=[ -~é]{0,20}";
    prop_oneof![
        2 => media.prop_map(String::from),
        6 => attribute.prop_map(String::from),
        3 => codec.prop_map(String::from),
        2 => candidate.prop_map(String::from),
        1 => other.prop_map(String::from),
        1 => prop::sample::select(vec!["c=IN IP4 0.0.0.0", "c=IN IP6 ::", "c=IN IP4 192.0.2.1", "b=AS:64"]).prop_map(String::from),
        1 => "a=group:(BUNDLE|LS)( [ab012]){0,3}".prop_map(String::from),
    ]
}

/// A description of such lines, with line ends of both kinds, which may lack the last.
fn description() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\r\n", "\n"]);
    let last = prop::sample::select(vec!["", "\n", "\r\n", "\r\n\n"]);
    let version = prop::sample::select(vec!["0", "9", "18446744073709551615999"]);
    (prop::collection::vec((line(), end), 0..25), last, version).prop_filter_map(
        "within limits",
        |(lines, last, version)| {
            let mut text = format!("v=0\r\no=- 1 {version} IN IP4 192.0.2.1\ns=\r\nt=0 0\r\n");
            let sections = lines.iter().filter(|(line, _)| line.starts_with("m=")).count();
            for (index, (line, end)) in lines.iter().enumerate() {
                text.push_str(line);
                text.push_str(if index + 1 == lines.len() { last } else { end });
            }
            (sections <= 10).then_some(text)
        },
    )
}

fn damaging() -> impl Strategy<Value = u8> {
    prop_oneof![1 => any::<u8>(), 9 => prop::sample::select(b"019 :=;,/-.amcxz\r\n".to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise(&bytes);
    }

    #[test]
    fn generated_descriptions_are_read_changed_and_read_again(text in description()) {
        prop_assert!(text.parse::<SessionDescription>().is_ok());
        exercise(text.as_bytes());
    }

    #[test]
    fn damaged_descriptions_are_read_without_panic(
        sample in prop::sample::select(SAMPLES.to_vec()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), damaging(), 0..30_u8), 1..8),
    ) {
        let mut bytes = wire(sample);
        for (place, byte, how) in damage {
            let place = place.index(bytes.len());
            match how {
                0 => bytes.truncate(place.max(20)),
                1..10 => bytes[place] = byte,
                10..20 => bytes.insert(place, byte),
                _ => { bytes.remove(place); }
            }
        }
        exercise(&bytes);
    }

    #[test]
    fn a_mended_answer_pairs_with_its_offer(offer in description(), answer in description()) {
        let parse = |text: &str| text.parse::<SessionDescription>().unwrap();
        let (offer, answer) = (parse(&offer), parse(&answer));
        check_mended(&offer, &answer);
        check_mended(&answer, &offer);
    }

    #[test]
    fn a_mended_next_offer_keeps_every_section(before in description(), next in description()) {
        let parse = |text: &str| text.parse::<SessionDescription>().unwrap();
        let (before, mut next) = (parse(&before), parse(&next));
        next.mend_reoffer(&before);
        prop_assert!(next.media().len() >= before.media().len());
        prop_assert!(!next.mend_reoffer(&before));
        for (before, next) in before.media().iter().zip(next.media()).filter(|(before, _)| !before.is_rejected()) {
            prop_assert_eq!(before.kind(), next.kind());
        }
    }

    #[test]
    fn texts_from_outside_stay_in_their_line(name in "[\\PC\r\n\0;= ]{0,8}", value in "[\\PC\r\n\0;= ]{0,12}") {
        let mut description = parse(CHROME);
        let lines = description.to_string().lines().count();
        if description.media_mut()[0].set_parameter("opus", &name, Some(&value)).is_ok() {
            let again = SessionDescription::parse(&description.to_bytes()).unwrap();
            let opus = again.media()[0].codecs()[0];
            prop_assert_eq!(opus.parameter(&name), Some(value.as_str()));
        }
        prop_assert_eq!(description.to_string().lines().count(), lines);
    }
}

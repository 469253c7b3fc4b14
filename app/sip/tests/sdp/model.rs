use crate::samples::*;
use sip::sdp::{Bandwidth, InvalidParameter, ParseErrorKind, SessionDescription, limits};

fn error(text: &str) -> (ParseErrorKind, usize, usize) {
    let error = SessionDescription::parse(text.as_bytes()).unwrap_err();
    (error.kind, error.line, error.offset)
}

const HEAD: &str = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\n";

#[test]
fn what_was_parsed_prints_as_it_was_written() {
    for sample in [CHROME, FIREFOX, ASTERISK, ASTERISK_PLAIN, FREESWITCH, RTPENGINE, &chrome_with_video()] {
        assert_eq!(parse(sample).to_bytes(), wire(sample));
        assert_eq!(SessionDescription::parse(sample.as_bytes()).unwrap().to_string(), sample, "with LF");
    }
    let odd = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\ns= \r\nt=0 0\r\ny=unknown\r\na=X-thing: é \r\nm=audio  9/2 RTP/AVP 0  8 \na=x\n\r\n\n";
    assert_eq!(odd.parse::<SessionDescription>().unwrap().to_string(), odd);
}

#[test]
fn a_change_touches_only_its_lines() {
    let mut description = parse(FIREFOX);
    description.media_mut()[0].set_bandwidth(Bandwidth::Tias, Some(40_000));
    description.media_mut()[0].set_ptime(Some(20));
    description.increase_version();
    let origin = |version| format!("o=mozilla...THIS_IS_SDPARTA-99.0 5234567890123456789 {version} IN IP4 0.0.0.0");
    let expected = [format!("-{}", origin(1)), format!("+{}", origin(2)), "+b=TIAS:40000".into(), "+a=ptime:20".into()];
    assert_eq!(changes(FIREFOX, &description), expected);
    assert!(text(&description).contains("c=IN IP4 0.0.0.0\nb=TIAS:40000\na=candidate"));
    assert!(!text(&description).contains('\r') && description.to_string().ends_with("a=ptime:20\r\n"));
}

#[test]
fn bandwidth_and_packet_times_are_read_and_set() {
    let mut description = parse(&ASTERISK.replace("t=0 0\n", "b=AS:128\nt=0 0\n"));
    assert_eq!(description.bandwidth(Bandwidth::As), Some(128));
    let media = &mut description.media_mut()[0];
    assert_eq!((media.ptime(), media.maxptime()), (Some(20), Some(60)));
    assert_eq!(media.bandwidth(Bandwidth::As), None);
    media.set_bandwidth(Bandwidth::As, Some(64));
    media.set_bandwidth(Bandwidth::As, Some(32));
    media.set_maxptime(None);
    assert_eq!((media.bandwidth(Bandwidth::As), media.maxptime()), (Some(32), None));
    media.set_bandwidth(Bandwidth::As, None);
    assert_eq!(media.bandwidth(Bandwidth::As), None);
}

#[test]
fn faults_say_where_and_why() {
    assert_eq!(error(""), (ParseErrorKind::Version, 1, 0));
    assert_eq!(error("v=1\n"), (ParseErrorKind::Version, 1, 0));
    assert_eq!(error("v=0\ns=-\n"), (ParseErrorKind::Origin, 2, 4));
    assert_eq!(error("v=0\no=- 1 x IN IP4 a\n"), (ParseErrorKind::Origin, 2, 4));
    assert_eq!(error("v=0\no=- 1 1 IN IP4 a\nt=0 0\n"), (ParseErrorKind::SessionName, 3, 21));
    assert_eq!(error("v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9 RTP/AVP 0\nt=0 0\n"), (ParseErrorKind::Time, 4, 25));
    let after = |rest: &str| error(&[HEAD, rest].concat());
    let at = HEAD.len();
    for bad in ["audio", "m", "a:x", "A=x", " a=x", "\nm=audio 9 RTP/AVP 0"] {
        assert_eq!(after(bad), (ParseErrorKind::Line, 5, at), "{bad:?}");
    }
    for bad in ["m=", "m=audio", "m=audio 9", "m=audio 9 RTP/AVP", "m=audio x RTP/AVP 0", "m=audio 70000 RTP/AVP 0"] {
        assert_eq!(after(bad), (ParseErrorKind::Media, 5, at), "{bad:?}");
    }
    assert_eq!(after("a=x\0y\n"), (ParseErrorKind::Control, 5, at + 3));
    assert_eq!(after("a=x\na=x\ry\n"), (ParseErrorKind::Control, 6, at + 7));
    let bytes = [HEAD.as_bytes(), b"a=\xff\n"].concat();
    let error = SessionDescription::parse(&bytes).unwrap_err();
    assert_eq!((error.kind, error.line, error.offset), (ParseErrorKind::Encoding, 5, at + 2));
    assert_eq!(error.to_string(), format!("the text is not UTF-8 in line 5, at byte {}", at + 2));
}

#[test]
fn what_is_too_large_is_refused() {
    let after = |rest: &str| SessionDescription::parse([HEAD, rest].concat().as_bytes()).map_err(|error| error.kind);
    let lines = |count: usize| "a=x\n".repeat(count - 4);
    assert!(after(&lines(limits::LINES)).is_ok());
    assert_eq!(after(&lines(limits::LINES + 1)), Err(ParseErrorKind::TooManyLines));
    assert_eq!(after(&(lines(limits::LINES) + "\n")), Err(ParseErrorKind::TooManyLines));
    let line = |length: usize| ["a=", &"x".repeat(length - 2)].concat();
    assert!(after(&line(limits::LINE)).is_ok());
    assert_eq!(after(&line(limits::LINE + 1)), Err(ParseErrorKind::LineTooLong));
    assert!(after(&"m=audio 9 RTP/AVP 0\n".repeat(limits::MEDIA)).is_ok());
    assert_eq!(after(&"m=audio 9 RTP/AVP 0\n".repeat(limits::MEDIA + 1)), Err(ParseErrorKind::TooManyMedia));
    let formats = |count: usize| ["m=audio 9 RTP/AVP", &" 0".repeat(count)].concat();
    assert!(after(&formats(limits::FORMATS)).is_ok());
    assert_eq!(after(&formats(limits::FORMATS + 1)), Err(ParseErrorKind::TooManyFormats));
    assert_eq!(after(&(line(limits::LINE) + "\n").repeat(8)), Err(ParseErrorKind::TooLarge));
}

#[test]
fn no_more_candidates_are_read_than_the_limit() {
    let many: String = (0..100).map(|port| format!("a=candidate:1 1 udp 1 192.0.2.1 {port} typ host\n")).collect();
    let mut description = parse(&(CHROME.to_string() + &many));
    assert_eq!(description.media()[0].candidates().count(), limits::CANDIDATES);
    description.prune_candidates();
    assert_eq!(description.media()[0].attributes("candidate").count(), limits::CANDIDATES);
}

#[test]
fn nothing_from_outside_gets_a_line_of_its_own() {
    let mut description = parse(CHROME);
    let media = &mut description.media_mut()[0];
    for bad in ["", "1\r\na=x", "1\n", "1\0", "1;b=2", " 1", "1\t"] {
        assert_eq!(
            media.set_parameter("opus", "maxaveragebitrate", Some(bad)),
            Err(InvalidParameter::Value),
            "{bad:?}"
        );
    }
    for bad in ["", "a b", "a=b", "a\nb", "a;b"] {
        assert_eq!(media.set_parameter("opus", bad, Some("1")), Err(InvalidParameter::Name), "{bad:?}");
    }
    let long = "x".repeat(limits::LINE);
    assert_eq!(media.set_parameter("opus", "x", Some(&long)), Err(InvalidParameter::Value));
    assert_eq!(text(&description), CHROME);
}

#[test]
fn the_version_counts_changes_and_the_origin_stays() {
    let sent = parse(CHROME);
    let origin = sent.origin();
    assert_eq!((origin.session_id, origin.version, origin.address), ("4611731400430051336", "2", "127.0.0.1"));
    // The same again, from a fresh connection: nothing changed for the other end.
    let fresh = CHROME.replace("4611731400430051336 2", "777 9");
    let mut same = parse(&fresh);
    same.continue_from(&sent);
    assert_eq!(text(&same), CHROME);
    let mut held = parse(&fresh);
    held.hold();
    held.continue_from(&sent);
    assert_eq!((held.origin().session_id, held.origin().version), ("4611731400430051336", "3"));
    for (before, after) in [("9", "10"), ("0", "1"), ("199", "200"), ("18446744073709551615", "18446744073709551616")] {
        let mut description = parse(&CHROME.replace("336 2 IN", &format!("336 {before} IN")));
        description.increase_version();
        assert_eq!(description.origin().version, after);
    }
}

#[test]
fn a_section_whose_last_line_has_no_end_can_stand_before_another() {
    let mut one: SessionDescription = [HEAD, "m=audio 9 RTP/AVP 0"].concat().parse().unwrap();
    let mut two: SessionDescription = [HEAD, "m=audio 9 RTP/AVP 8\nm=video 9 RTP/AVP 99\n"].concat().parse().unwrap();
    std::mem::swap(&mut one.media_mut()[0], &mut two.media_mut()[0]);
    assert!(two.to_string().ends_with("m=audio 9 RTP/AVP 0\nm=video 9 RTP/AVP 99\n"));
    let mut open: SessionDescription = [HEAD, "m=audio 9 RTP/AVP 0"].concat().parse().unwrap();
    open.hold();
    assert!(open.to_string().ends_with("m=audio 9 RTP/AVP 0\na=sendonly\n"));
}

#[test]
fn a_description_is_saved_as_its_text() {
    let description = parse(CHROME);
    let saved = serde_json::to_string(&description).unwrap();
    assert_eq!(serde_json::from_str::<SessionDescription>(&saved).unwrap(), description);
}

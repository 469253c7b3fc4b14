use crate::samples::*;
use sip::sdp::{Codec, Media, SessionDescription};

fn formats(media: &Media) -> String {
    media.formats().collect::<Vec<_>>().join(" ")
}

fn codec<'a>(media: &'a Media, name: &str) -> Codec<'a> {
    media.codecs().into_iter().find(|codec| codec.is(name)).unwrap()
}

#[test]
fn codecs_are_read_with_their_parameters() {
    let description = parse(FREESWITCH);
    let media = &description.media()[0];
    let opus = codec(media, "OPUS");
    assert_eq!((opus.payload_type, opus.clock_rate, opus.channels), (102, 48000, Some(2)));
    assert_eq!(opus.parameter("maxaveragebitrate"), Some("30000"));
    assert_eq!(opus.parameter("stereo"), None);
    let names: Vec<_> = media.codecs().iter().map(|codec| codec.name.to_string()).collect();
    assert_eq!(names, ["opus", "G722", "PCMU", "PCMA", "telephone-event", "telephone-event", "CN"]);
    // Static payload types need no mapping.
    let bare = parse("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 9 RTP/AVP 18 8 0 9 13 99\n");
    let names: Vec<_> = bare.media()[0].codecs().iter().map(|codec| codec.name.to_string()).collect();
    assert_eq!(names, ["G729", "PCMA", "PCMU", "G722", "CN", ""]);
}

#[test]
fn preferred_codecs_come_first_with_their_companions() {
    let mut description = parse(&chrome_with_video());
    let media = &mut description.media_mut()[0];
    media.prefer(&["PCMA", "opus", "nothing"]);
    assert_eq!(formats(media), "8 111 63 9 0 13 110 126");
    media.prefer(&["telephone-event/8000"]);
    assert_eq!(formats(media), "126 8 111 63 9 0 13 110");
    let video = &mut description.media_mut()[1];
    video.prefer(&["h264"]);
    assert_eq!(formats(video), "102 103 96 97 116 117 118");
    video.prefer(&["red"]);
    assert_eq!(formats(video), "116 117 102 103 96 97 118");
}

#[test]
fn a_codec_goes_with_its_companions_and_their_lines() {
    let mut description = parse(&chrome_with_video());
    assert!(description.media_mut()[0].remove_codec("opus"));
    assert!(description.media_mut()[1].remove_codec("vp8"));
    assert!(description.media_mut()[1].remove_codec("red"));
    assert_eq!(formats(&description.media()[0]), "9 0 8 13 110 126");
    assert_eq!(formats(&description.media()[1]), "102 103 118");
    let text = text(&description);
    for gone in [":111 ", ":63 ", ":96 ", ":97 ", ":116 ", ":117 "] {
        assert!(!text.contains(gone), "{gone}");
    }
    assert!(text.contains("a=rtpmap:103 rtx/90000\na=fmtp:103 apt=102\n"));
    assert!(!description.media_mut()[1].remove_codec("VP9"));
}

#[test]
fn a_section_never_loses_its_last_codec() {
    let mut description = parse(CHROME);
    let media = &mut description.media_mut()[0];
    for name in ["opus", "G722", "PCMU"] {
        assert!(media.remove_codec(name));
    }
    assert!(!media.remove_codec("PCMA"));
    assert_eq!(formats(media), "8 13 110 126");
    assert!(media.remove_codec("CN"));
}

#[test]
fn other_media_than_rtp_have_no_codecs() {
    let fax = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=image 4000 udptl t38\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n";
    let mut description = parse(fax);
    for media in description.media_mut() {
        assert!(media.codecs().is_empty() && media.telephone_events().is_empty());
        media.prefer(&["t38"]);
        assert!(!media.remove_codec("t38"));
    }
    assert_eq!(text(&description), fax);
}

#[test]
fn parameters_are_set_in_their_place() {
    let set = |sample: &str, codec: &str, name: &str, value: Option<&str>| -> Vec<String> {
        let mut description: SessionDescription = parse(sample);
        assert_eq!(description.media_mut()[0].set_parameter(codec, name, value), Ok(true));
        changes(sample, &description)
    };
    let removed = "-a=fmtp:111 minptime=10;useinbandfec=1";
    let added = "+a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000";
    assert_eq!(set(CHROME, "opus", "maxaveragebitrate", Some("20000")), [removed, added]);
    assert_eq!(set(CHROME, "opus", "useinbandfec", Some("0")), [removed, "+a=fmtp:111 minptime=10;useinbandfec=0"]);
    assert_eq!(set(CHROME, "opus", "minptime", None), [removed, "+a=fmtp:111 useinbandfec=1"]);
    assert_eq!(set(ASTERISK, "opus", "useinbandfec", None), ["-a=fmtp:111 useinbandfec=1"]);
    assert_eq!(set(ASTERISK, "PCMA", "x", Some("1")), ["+a=fmtp:8 x=1"]);
    assert_eq!(parse(ASTERISK).media_mut()[0].set_parameter("G729", "annexb", Some("no")), Ok(false));
}

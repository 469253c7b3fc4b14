//! Descriptions like those of the software that is met most, with the peculiarities of each.

use sip::sdp::SessionDescription;

/// Chrome: sound, everything in a bundle, trickle, hosts behind names and one reflexive candidate.
pub(crate) const CHROME: &str = "v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 3f2a
m=audio 54609 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 203.0.113.7
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 6c1f1b6e-0b5f-4b7e-8a3d-1f2e3d4c5b6a.local 46243 typ host generation 0 network-id 1
a=candidate:435653019 1 tcp 1845501695 6c1f1b6e-0b5f-4b7e-8a3d-1f2e3d4c5b6a.local 9 typ host tcptype active generation 0 network-id 1
a=candidate:1853887674 1 udp 1518280447 203.0.113.7 54609 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-id 1
a=ice-ufrag:Ab3d
a=ice-pwd:aB3dE6gH9jK2mN5pQ8sT1vW4
a=ice-options:trickle
a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendrecv
a=msid:3f2a 8c1d
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:1234567 cname:u8Kq
a=ssrc:1234567 msid:3f2a 8c1d
";

/// What Chrome offers besides when there is a camera.
pub(crate) const CHROME_VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 116 117 118
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:Ab3d
a=ice-pwd:aB3dE6gH9jK2mN5pQ8sT1vW4
a=ice-options:trickle
a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=mid:1
a=sendrecv
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=rtcp-fb:102 nack
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:116 red/90000
a=rtpmap:117 rtx/90000
a=fmtp:117 apt=116
a=rtpmap:118 ulpfec/90000
";

/// Firefox on hold: the session says `sendrecv`, the section `sendonly`.
pub(crate) const FIREFOX: &str = "v=0
o=mozilla...THIS_IS_SDPARTA-99.0 5234567890123456789 1 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 0.0.0.0
a=candidate:0 1 UDP 2122187007 192.168.1.20 51372 typ host
a=candidate:4 1 TCP 2105458943 192.168.1.20 9 typ host tcptype active
a=sendonly
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=fmtp:101 0-15
a=ice-pwd:d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6
a=ice-ufrag:9c1d2e3f
a=mid:0
a=msid:{b1c5} {d4e9}
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=rtpmap:9 G722/8000/1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=setup:actpass
a=ssrc:2345678901 cname:{0d7f}
";

/// Asterisk with `webrtc=yes`, an answer.
pub(crate) const ASTERISK: &str = "v=0
o=- 4611731400430051336 4 IN IP4 198.51.100.10
s=Asterisk
c=IN IP4 198.51.100.10
t=0 0
a=msid-semantic:WMS *
a=group:BUNDLE 0
m=audio 16520 UDP/TLS/RTP/SAVPF 111 8 0 126
a=connection:new
a=setup:active
a=fingerprint:SHA-256 0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9
a=ice-ufrag:3a4b5c6d7e8f90123a4b5c6d7e8f9012
a=ice-pwd:0f1e2d3c4b5a69788796a5b4c3d2e1f0
a=candidate:Hc6336401 1 UDP 2130706431 198.51.100.10 16520 typ host
a=candidate:Sc6336402 1 UDP 1694498815 203.0.113.99 16520 typ srflx raddr 198.51.100.10 rport 16520
a=rtpmap:111 opus/48000/2
a=fmtp:111 useinbandfec=1
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:126 telephone-event/8000
a=fmtp:126 0-16
a=ptime:20
a=maxptime:60
a=sendrecv
a=rtcp-mux
a=msid:5c1e 7d2f
a=rtcp-fb:* transport-cc
a=mid:0
";

/// Asterisk without `webrtc=yes`: a plain endpoint that calls the browser, with the video of its codec list.
pub(crate) const ASTERISK_PLAIN: &str = "v=0
o=- 1811452935 1811452935 IN IP4 198.51.100.10
s=Asterisk
c=IN IP4 198.51.100.10
t=0 0
m=audio 10224 RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=maxptime:140
a=sendrecv
m=video 14778 RTP/AVP 99
a=rtpmap:99 H264/90000
a=sendrecv
";

/// FreeSWITCH on the wss binding: keys at the session, a full ICE, lines end with LF only after a B2BUA in between.
pub(crate) const FREESWITCH: &str = "v=0
o=FreeSWITCH 1718000000 1718000001 IN IP4 198.51.100.20
s=FreeSWITCH
c=IN IP4 198.51.100.20
t=0 0
a=msid-semantic: WMS q1w2
m=audio 27430 UDP/TLS/RTP/SAVPF 102 9 0 8 103 101 13
a=rtpmap:102 opus/48000/2
a=fmtp:102 useinbandfec=1; maxaveragebitrate=30000; maxplaybackrate=48000; ptime=20; minptime=10; maxptime=40
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:103 telephone-event/48000
a=fmtp:103 0-15
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtpmap:13 CN/8000
a=fingerprint:sha-256 5E:6F:70:81:92:A3:B4:C5:D6:E7:F8:09:1A:2B:3C:4D:5E:6F:70:81:92:A3:B4:C5:D6:E7:F8:09:1A:2B:3C:4D
a=setup:actpass
a=rtcp-mux
a=rtcp:27430 IN IP4 198.51.100.20
a=ssrc:3456789012 cname:Lm0P
a=ice-ufrag:k7Xw2vQpL1mN9bRt
a=ice-pwd:s3cRtPw0rDthatIsL0ng3n0ugh
a=candidate:7419204813 1 udp 2130706431 198.51.100.20 27430 typ host generation 0
a=end-of-candidates
a=ptime:20
a=sendrecv
";

/// rtpengine in front of a PBX with SDES: keys of both kinds, and the role that the PBX side has.
pub(crate) const RTPENGINE: &str = "v=0
o=root 902151344 902151344 IN IP4 192.0.2.30
s=call
c=IN IP4 192.0.2.30
t=0 0
a=ice-lite
m=audio 30512 UDP/TLS/RTP/SAVPF 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=rtcp:30512
a=rtcp-mux
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj
a=setup:active
a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB
a=tls-id:f81d4fae7dec11d0a76500a0c91e6bf6
a=ice-ufrag:8hhYt3Qa
a=ice-pwd:asd88fgpdd777uzjYhagZgQ2
a=candidate:xP2vN5qLbYz1kW8a 1 UDP 2130706431 192.0.2.30 30512 typ host
";

/// As they stand on the wire.
pub(crate) fn wire(sample: &str) -> Vec<u8> {
    sample.replace('\n', "\r\n").into_bytes()
}

pub(crate) fn parse(sample: &str) -> SessionDescription {
    SessionDescription::parse(&wire(sample)).unwrap()
}

/// What is printed, with lines that end as in the samples.
pub(crate) fn text(description: &impl ToString) -> String {
    description.to_string().replace("\r\n", "\n")
}

/// Chrome's offer of sound and picture.
pub(crate) fn chrome_with_video() -> String {
    CHROME.replace("BUNDLE 0", "BUNDLE 0 1") + CHROME_VIDEO
}

/// The lines that were added (`+`) and taken away (`-`).
pub(crate) fn changes(before: &str, after: &impl ToString) -> Vec<String> {
    let after = text(after);
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("-{line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+{line}"));
    gone.chain(new).collect()
}

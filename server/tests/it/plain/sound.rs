//! Sound as a phone sends and hears it: RTP with G.711 (RFC 3550, 3551).

use std::f32::consts::TAU;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::interval;

/// Samples of a packet: 20 ms.
const PACKET: usize = 160;
const RATE: f32 = 8_000.0;
/// How long is listened, in packets.
const LONG: usize = 100;

/// One end of the sound: it says one tone, and hears.
pub struct Sound {
    socket: UdpSocket,
    /// The number of its codec.
    payload: u8,
    tone: f32,
}

impl Sound {
    pub async fn new(payload: u8, tone: f32) -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), payload, tone }
    }

    /// As a phone describes it that believes to be at `host`.
    pub fn describe(&self, host: &str) -> String {
        let port = self.socket.local_addr().unwrap().port();
        let Self { payload, .. } = self;
        format!(
            "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP {payload}\r\n"
        )
    }

    /// Talks to where the description says for two seconds, and hears this tone in the last of them, and not its own.
    pub async fn hears(&self, tone: f32, sdp: &str, who: &str) {
        let heard = self.talk(sdp).await;
        let last = &heard[heard.len().saturating_sub(8_000)..];
        assert!(last.len() == 8_000, "{who} heard {} samples", heard.len());
        // Where packets came late there is a seam.
        let windows = |tone: f32| last.chunks(800).filter(|heard| share(heard, tone, RATE) > 0.8).count();
        assert!(windows(tone) > 5, "{who} heard {tone} Hz in {} tenths of a second", windows(tone));
        assert!(windows(self.tone) == 0 || self.tone == tone, "{who} heard their own tone");
    }

    /// Talks to where the description says, for two seconds: what it hears.
    async fn talk(&self, sdp: &str) -> Vec<f32> {
        let find = |prefix: &str, at: usize| {
            let line = sdp.lines().find_map(|line| line.strip_prefix(prefix)).unwrap();
            line.split_whitespace().nth(at).unwrap().to_owned()
        };
        let ip: IpAddr = find("c=", 2).parse().unwrap();
        let to = SocketAddr::new(ip, find("m=audio ", 0).parse().unwrap());
        let codecs = sdp.lines().find(|line| line.starts_with("m=audio ")).unwrap().split_whitespace().skip(3);
        assert!(codecs.clone().any(|codec| codec == self.payload.to_string()), "{sdp}");
        let (mut heard, mut bytes, mut packet) = (Vec::new(), [0; 2048], 0_u16);
        let mut ticks = interval(Duration::from_millis(20));
        while usize::from(packet) < LONG {
            tokio::select! {
                _ = ticks.tick() => {
                    self.socket.send_to(&self.packet(packet), to).await.unwrap();
                    packet += 1;
                }
                Ok((length, _)) = self.socket.recv_from(&mut bytes) => {
                    // RTCP comes elsewhere; events and comfort noise are no sound.
                    if length > 12 && bytes[1] & 0x7f == self.payload {
                        heard.extend(bytes[12..length].iter().map(|byte| self.decoded(*byte)));
                    }
                }
            }
        }
        heard
    }

    fn packet(&self, number: u16) -> Vec<u8> {
        let mut packet = vec![0x80, self.payload];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 160).to_be_bytes());
        packet.extend(u32::from(self.payload).to_be_bytes());
        let at = |sample: usize| (TAU * self.tone * (usize::from(number) * PACKET + sample) as f32 / RATE).sin() * 0.5;
        packet.extend((0..PACKET).map(|sample| self.encoded(at(sample))));
        packet
    }

    /// The nearest of the 256: the codecs are tables.
    fn encoded(&self, sample: f32) -> u8 {
        let far = |byte: &u8| (self.decoded(*byte) - sample).abs();
        (0..=255).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap()
    }

    /// ITU-T G.711: A-law is 8, µ-law is 0.
    fn decoded(&self, byte: u8) -> f32 {
        let value = if self.payload == 8 {
            let byte = byte ^ 0x55;
            let (exponent, mantissa) = (i32::from(byte >> 4 & 7), i32::from(byte & 15) << 4);
            let size = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
            if byte & 0x80 == 0 { -size } else { size }
        } else {
            let byte = !byte;
            let size = (((i32::from(byte & 15) << 3) + 0x84) << (byte >> 4 & 7)) - 0x84;
            if byte & 0x80 == 0 { size } else { -size }
        };
        value as f32 / 32_768.0
    }
}

/// How much of what was heard, at this rate, is this tone: between 0 and 1 (Goertzel).
pub fn share(heard: &[f32], tone: f32, rate: f32) -> f32 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (at, sample) in heard.iter().enumerate() {
        let angle = TAU * tone * at as f32 / rate;
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / (heard.len() as f32 * all).max(f32::EPSILON)
}

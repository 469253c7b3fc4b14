//! A STUN and TURN client that asks one thing: where am I (Binding, RFC 8489), or, with a credential, may I relay here
//! (Allocate, RFC 8656), and to whom. What it was given to relay at it gives back.

use crate::store::key::random;
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

/// When a request over UDP is sent, after the first time; the last of them is when it is given up (RFC 8489 6.2.1, cut short).
const AGAIN: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_millis(1_000),
    Duration::from_millis(2_000),
    Duration::from_millis(3_000),
    Duration::from_millis(4_000),
];
const COOKIE: u32 = 0x2112_A442;
const HEAD: usize = 20;
/// No answer is longer.
const LONGEST: usize = 2_048;

const BINDING: u16 = 0x0001;
const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
const CREATE_PERMISSION: u16 = 0x0008;
const SUCCESS: u16 = 0x0100;
const ERROR: u16 = 0x0110;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const LIFETIME: u16 = 0x000D;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const XOR_RELAYED_ADDRESS: u16 = 0x0016;
const REQUESTED_TRANSPORT: u16 = 0x0019;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Whom nobody is to reach through a relay (ASVS 5.0 17.1.1): its own machine, and what tells those of clouds their secrets.
const RESERVED: [Ipv4Addr; 2] = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(169, 254, 169, 254)];

/// What carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// Who is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) transport: Transport,
}

/// What is shown to a TURN server.
#[derive(Clone, Copy)]
pub(super) struct Credential<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Where it sees us.
    Mapped(SocketAddr),
    /// Where it relays for us, and to whom although it should not.
    Relayed(SocketAddr, Vec<Ipv4Addr>),
}

/// There is nothing to be had from it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("it does not answer")]
    Silent,
    #[error("it cannot be reached: {0}")]
    Network(#[from] io::Error),
    #[error("what answers is no STUN")]
    Nonsense,
    #[error("it refuses: {0} {1}")]
    Refused(u16, String),
}

/// What an answer says.
struct Answer {
    kind: u16,
    attributes: Vec<(u16, Vec<u8>)>,
    transaction: [u8; 12],
}

/// A way to the server.
enum Link {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Server {
    /// Asks it.
    pub(super) async fn ask(self, credential: Option<Credential<'_>>) -> Result<Asked, Failure> {
        let mut link = self.connect().await?;
        let Some(credential) = credential else {
            let answer = link.exchange(&Request::new(BINDING)?.finish(None)).await?;
            return answer.accepted(BINDING)?.address(XOR_MAPPED_ADDRESS).map(Asked::Mapped).ok_or(Failure::Nonsense);
        };
        let transport = [17, 0, 0, 0];
        let first = Request::new(ALLOCATE)?.with(REQUESTED_TRANSPORT, &transport).finish(None);
        let challenge = link.exchange(&first).await?;
        if challenge.kind != ALLOCATE | ERROR || challenge.code() != 401 {
            // Without a word it relays for everybody, or refuses everybody.
            let open = challenge.accepted(ALLOCATE)?;
            let relayed = open.address(XOR_RELAYED_ADDRESS).ok_or(Failure::Nonsense)?;
            return Ok(Asked::Relayed(relayed, Vec::new()));
        }
        let signing = Signing::new(credential, &challenge).ok_or(Failure::Nonsense)?;
        let second = Request::new(ALLOCATE)?.with(REQUESTED_TRANSPORT, &transport).finish(Some(&signing));
        let answer = link.exchange(&second).await?;
        let relayed = answer.accepted(ALLOCATE)?.address(XOR_RELAYED_ADDRESS).ok_or(Failure::Nonsense)?;
        let reached = link.reaches(&signing).await?;
        // It keeps what nobody uses for ten minutes, and has only so many; that it is given back is not waited for.
        let release = Request::new(REFRESH)?.with(LIFETIME, &[0; 4]).finish(Some(&signing));
        let _ = link.send(&release).await;
        Ok(Asked::Relayed(relayed, reached))
    }

    async fn connect(self) -> Result<Link, Failure> {
        match self.transport {
            Transport::Udp => {
                let any: IpAddr = match self.address {
                    SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
                let socket = UdpSocket::bind((any, 0)).await?;
                socket.connect(self.address).await?;
                Ok(Link::Udp(socket))
            }
            Transport::Tcp => {
                let connecting = TcpStream::connect(self.address);
                Ok(Link::Tcp(timeout_at(until(), connecting).await.map_err(|_| Failure::Silent)??))
            }
        }
    }
}

/// When a server is given up.
fn until() -> Instant {
    Instant::now() + AGAIN[AGAIN.len() - 1]
}

impl Link {
    async fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        let sent = match self {
            Self::Udp(socket) => socket.send(request).await.map(drop),
            Self::Tcp(stream) => stream.write_all(request).await,
        };
        sent.map_err(refused)
    }

    /// Whom of the [`RESERVED`] it would relay to.
    async fn reaches(&mut self, signing: &Signing) -> Result<Vec<Ipv4Addr>, Failure> {
        let mut reached = Vec::new();
        for peer in RESERVED {
            // IPv4, port 80, both hidden by the cookie (RFC 8489 14.2).
            let (port, ip) = (80 ^ (COOKIE >> 16) as u16, peer.to_bits() ^ COOKIE);
            let address = [&[0, 1][..], &port.to_be_bytes(), &ip.to_be_bytes()].concat();
            let request = Request::new(CREATE_PERMISSION)?.with(XOR_PEER_ADDRESS, &address).finish(Some(signing));
            if self.exchange(&request).await?.accepted(CREATE_PERMISSION).is_ok() {
                reached.push(peer);
            }
        }
        Ok(reached)
    }

    /// The answer to this request.
    async fn exchange(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        let begun = Instant::now();
        self.send(request).await?;
        match self {
            Self::Tcp(_) => timeout_at(until(), self.receive(request)).await.map_err(|_| Failure::Silent)?,
            Self::Udp(_) => {
                for after in AGAIN {
                    match timeout_at(begun + after, self.receive(request)).await {
                        Ok(answer) => return answer,
                        Err(_) => self.send(request).await?,
                    }
                }
                Err(Failure::Silent)
            }
        }
    }

    /// The next message that belongs to this request.
    async fn receive(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        let mut bytes = vec![0; LONGEST];
        loop {
            let length = match self {
                Self::Udp(socket) => socket.recv(&mut bytes).await.map_err(refused)?,
                Self::Tcp(stream) => {
                    stream.read_exact(&mut bytes[..HEAD]).await?;
                    let length = HEAD + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                    let rest = bytes.get_mut(HEAD..length).ok_or(Failure::Nonsense)?;
                    stream.read_exact(rest).await?;
                    length
                }
            };
            let answer = Answer::parse(&bytes[..length]).ok_or(Failure::Nonsense)?;
            if request.get(8..HEAD) == Some(answer.transaction.as_slice()) {
                return Ok(answer);
            }
        }
    }
}

/// The system says at once that nobody listens there.
fn refused(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::ConnectionRefused { Failure::Silent } else { Failure::Network(error) }
}

/// A request that is being written.
struct Request(Vec<u8>);

/// What a request is signed with: the long-term credential (RFC 8489 9.2).
struct Signing {
    attributes: Vec<(u16, Vec<u8>)>,
    key: [u8; 16],
}

impl Signing {
    fn new(Credential { user, password }: Credential<'_>, challenge: &Answer) -> Option<Self> {
        let (realm, nonce) = (challenge.get(REALM)?, challenge.get(NONCE)?);
        let mut hash = Md5::new();
        hash.update(user.as_bytes());
        hash.update(b":");
        hash.update(realm);
        hash.update(b":");
        hash.update(password.as_bytes());
        let attributes = vec![(USERNAME, user.as_bytes().to_vec()), (REALM, realm.to_vec()), (NONCE, nonce.to_vec())];
        Some(Self { attributes, key: hash.finalize().into() })
    }
}

impl Request {
    fn new(kind: u16) -> Result<Self, Failure> {
        let transaction = random::<12>().map_err(|error| Failure::Network(io::Error::other(error)))?;
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend(transaction);
        Ok(Self(bytes))
    }

    fn with(mut self, name: u16, value: &[u8]) -> Self {
        self.0.extend(name.to_be_bytes());
        self.0.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn finish(mut self, signing: Option<&Signing>) -> Vec<u8> {
        if let Some(Signing { attributes, key }) = signing {
            for (name, value) in attributes {
                self = self.with(*name, value);
            }
            // The length that is signed counts the signature (RFC 8489 14.5).
            self.measure(24);
            let signature = Hmac::<Sha1>::new_from_slice(key).map(|mut mac| {
                mac.update(&self.0);
                mac.finalize().into_bytes().to_vec()
            });
            return self.with(MESSAGE_INTEGRITY, &signature.unwrap_or_default()).0;
        }
        self.measure(0);
        self.0
    }

    /// Writes the length, with what is still to come.
    fn measure(&mut self, more: usize) {
        let length = u16::try_from(self.0.len() - HEAD + more).unwrap_or(u16::MAX);
        self.0[2..4].copy_from_slice(&length.to_be_bytes());
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_at_checked(HEAD)?;
        let number = |at: usize| Some(u16::from_be_bytes([*head.get(at)?, *head.get(at + 1)?]));
        if head.get(4..8)? != COOKIE.to_be_bytes() || usize::from(number(2)?) != rest.len() {
            return None;
        }
        let mut attributes = Vec::new();
        while !rest.is_empty() {
            let (head, after) = rest.split_at_checked(4)?;
            let length = usize::from(u16::from_be_bytes([*head.get(2)?, *head.get(3)?]));
            attributes.push((u16::from_be_bytes([*head.first()?, *head.get(1)?]), after.get(..length)?.to_vec()));
            rest = after.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(Self { kind: number(0)?, attributes, transaction: head.get(8..)?.try_into().ok()? })
    }

    fn get(&self, name: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(one, _)| *one == name).map(|(_, value)| value.as_slice())
    }

    /// The success of this kind of request; else what went wrong.
    fn accepted(&self, request: u16) -> Result<&Self, Failure> {
        if self.kind == request | SUCCESS {
            return Ok(self);
        }
        if self.kind != request | ERROR {
            return Err(Failure::Nonsense);
        }
        let words = self.get(ERROR_CODE).and_then(|value| value.get(4..)).unwrap_or_default();
        let words: String =
            String::from_utf8_lossy(words).chars().filter(|sign| !sign.is_control()).take(100).collect();
        Err(Failure::Refused(self.code(), words))
    }

    /// Zero where there is none (RFC 8489 14.8).
    fn code(&self) -> u16 {
        let digits = self.get(ERROR_CODE).and_then(|value| Some((*value.get(2)?, *value.get(3)?)));
        digits.map_or(0, |(class, number)| u16::from(class & 7) * 100 + u16::from(number))
    }

    /// RFC 8489 14.2.
    fn address(&self, name: u16) -> Option<SocketAddr> {
        let value = self.get(name)?;
        let port = u16::from_be_bytes([*value.get(2)?, *value.get(3)?]) ^ (COOKIE >> 16) as u16;
        let bytes = value.get(4..)?;
        let ip = match value.get(1)? {
            1 => IpAddr::from((u32::from_be_bytes(bytes.try_into().ok()?) ^ COOKIE).to_be_bytes()),
            2 => {
                let mut mask = [0; 16];
                mask[..4].copy_from_slice(&COOKIE.to_be_bytes());
                mask[4..].copy_from_slice(&self.transaction);
                let plain: [u8; 16] = bytes.try_into().ok()?;
                IpAddr::from((u128::from_be_bytes(plain) ^ u128::from_be_bytes(mask)).to_be_bytes())
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 2.4: the long-term credential.
    #[test]
    fn a_request_is_signed_as_in_the_test_vectors() {
        let transaction = [0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e];
        let user = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}";
        let attributes = vec![(REALM, b"example.org".to_vec()), (NONCE, b"f//499k954d6OL34oL9FSTvy64sA".to_vec())];
        let challenge = Answer { kind: BINDING | ERROR, attributes, transaction };
        let mut signing = Signing::new(Credential { user, password: "TheMatrIX" }, &challenge).unwrap();
        // The vector has the nonce before the realm.
        signing.attributes.swap(1, 2);
        let mut request = Request::new(BINDING).unwrap();
        request.0[8..HEAD].copy_from_slice(&transaction);
        let bytes = request.finish(Some(&signing));
        let signature = [
            0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8,
            0x96, 0x66,
        ];
        assert_eq!(bytes[bytes.len() - 20..], signature);
    }

    /// RFC 5769 2.2 and 2.3.
    #[test]
    fn an_address_is_read_as_in_the_test_vectors() {
        let transaction = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let of = |value: &[u8]| {
            let attributes = vec![(XOR_MAPPED_ADDRESS, value.to_vec())];
            Answer { kind: BINDING | SUCCESS, attributes, transaction }.address(XOR_MAPPED_ADDRESS)
        };
        assert_eq!(of(&[0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]), Some("192.0.2.1:32853".parse().unwrap()));
        let v6 = [
            0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9,
            0xd9,
        ];
        assert_eq!(of(&v6), Some("[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap()));
        assert_eq!(of(&[0, 1, 0xa1]), None);
    }

    #[test]
    fn what_is_no_stun_is_not_read() {
        let good = Request::new(BINDING).unwrap().with(NONCE, b"abc").finish(None);
        assert_eq!(Answer::parse(&good).unwrap().get(NONCE), Some(b"abc".as_slice()));
        for length in 0..good.len() {
            assert!(Answer::parse(&good[..length]).is_none(), "{length} bytes");
        }
        assert!(Answer::parse(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_none());
    }
}

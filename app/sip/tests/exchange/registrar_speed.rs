//! How long the registrar takes. Run by hand, with `--release -- --ignored --nocapture registrar_speed`.

use crate::bench::{DOMAIN, password, registrar_config};
use crate::messages::{contact, request, signed};
use sip::digest::{Algorithm, Ha1s};
use sip::message::{Message, Request, Response};
use sip::proxy::Inbound;
use sip::registrar::{Admission, Arrival, Flow, Input, Output, Party, Registrar, Secrets};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::time;

/// How many phones are registered while one refreshes.
const PHONES: [u64; 2] = [1, 10_000];
/// How many refreshes are measured.
const REFRESHES: u64 = 200_000;

/// A registrar, and one phone of each user.
struct Office {
    registrar: Registrar,
    phones: u64,
    now: u64,
    seq: u32,
}

impl Office {
    fn new(phones: u64, signed: bool) -> Self {
        let mut office =
            Self { registrar: Registrar::new(registrar_config(), [1; 32]), phones, now: 1_000_000, seq: 0 };
        for phone in 0..phones {
            let party = Party { user: user(phone), name: None };
            let admission = if signed { Admission::Digest } else { Admission::Account(party) };
            let arrival = Arrival { flow: Flow(phone), admission, host: None, reliability: Reliability::Reliable };
            office.tell(Input::Opened(arrival));
        }
        office
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.registrar.handle(input, Instant::from_millis(self.now));
        let mut outputs = Vec::new();
        while let Some(output) = self.registrar.poll() {
            if let Output::Ask(id, _) = output {
                let ha1s = Ha1s::new("1001", DOMAIN, password("1001").unwrap());
                self.registrar
                    .handle(Input::Answer(id, Some(Secrets { ha1s, name: None })), Instant::from_millis(self.now));
            } else {
                outputs.push(output);
            }
        }
        outputs
    }

    fn refresh(&mut self, phone: u64, bytes: &[u8]) -> usize {
        self.now += 1;
        let Inbound::Register(request) = Inbound::read(bytes) else { panic!("a REGISTER") };
        let sent = self.tell(Input::Received { flow: Flow(phone), request }).len();
        let _ = self.registrar.deadline();
        sent
    }
}

fn user(phone: u64) -> String {
    format!("{}", 1001 + phone)
}

fn refresh(phone: u64, seq: u32, supported: &str) -> Request {
    let user = user(phone);
    let own = format!("<sip:{user}@{DOMAIN}>");
    let headers = [
        &*format!("CSeq: {seq} REGISTER"),
        &*contact(&user, "a"),
        "Expires: 600",
        &*format!("Supported: {supported}"),
        "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY",
        "User-Agent: a phone",
    ];
    request(&format!("REGISTER sip:{DOMAIN}"), &format!("{own};tag=r"), &own, &format!("reg-{user}"), &headers)
}

fn report(what: &str, phones: u64, times: u64, took: time::Duration) {
    println!("{what:<34} {phones:>6} phones {:>8} ns", took.as_nanos() / u128::from(times));
}

#[test]
#[ignore = "it measures"]
fn refreshes() {
    for phones in PHONES {
        for (what, supported) in [("refresh", "outbound, path"), ("refresh, GRUU", "outbound, path, gruu")] {
            let mut office = Office::new(phones, false);
            let all: Vec<Vec<u8>> = (0..phones).map(|phone| refresh(phone, 1, supported).to_bytes()).collect();
            for (phone, bytes) in (0..).zip(&all) {
                office.refresh(phone, bytes);
            }
            let times = if office.phones > 1 { REFRESHES.min(phones * 20) } else { REFRESHES };
            let start = time::Instant::now();
            for time in 0..times {
                let phone = time * 7919 % phones;
                assert!(office.refresh(phone, &all[usize::try_from(phone).unwrap()]) > 0);
            }
            report(what, phones, times, start.elapsed());
        }
    }
    let bytes = refresh(0, 1, "outbound, path").to_bytes();
    let start = time::Instant::now();
    for _ in 0..REFRESHES {
        assert!(matches!(Inbound::read(&bytes), Inbound::Register(_)));
    }
    report("of it, reading", 1, REFRESHES, start.elapsed());
}

#[test]
#[ignore = "it measures"]
fn signed_refreshes() {
    const TIMES: u64 = 4000;
    for phones in PHONES {
        let mut office = Office::new(phones, true);
        // What has to be signed is signed by one user; the others are there.
        for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
            let first = refresh(0, 1, "outbound, path");
            let mut took = time::Duration::ZERO;
            for _ in 0..TIMES {
                office.seq += 2;
                let start = time::Instant::now();
                let outputs = {
                    office.now += 1;
                    let Inbound::Register(request) = Inbound::read(&first.to_bytes()) else { panic!("a REGISTER") };
                    office.tell(Input::Received { flow: Flow(0), request })
                };
                took += start.elapsed();
                let [Output::Transmit { bytes, .. }] = outputs.as_slice() else { panic!("a challenge") };
                let challenge: Response = match Message::parse(bytes) {
                    Ok(Message::Response(response)) => response,
                    other => panic!("{other:?}"),
                };
                let second =
                    signed(&first, &challenge, algorithm.clone(), "1001", password("1001").unwrap()).to_bytes();
                let start = time::Instant::now();
                assert!(office.refresh(0, &second) > 0);
                took += start.elapsed();
            }
            report(&format!("refresh with a digest pair, {}", algorithm.as_str()), phones, TIMES, took);
        }
    }
    let _ = Duration::ZERO;
}

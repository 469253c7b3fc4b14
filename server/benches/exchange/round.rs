//! One round: what one server does, from its start to its end.

use super::Failure;
use super::call::Pair;
use super::load::{Crew, Outcome, Pace, crews, run};
use super::pages::{self, Tab};
use super::phone::Phone;
use super::process::Server;
use std::ops::Range;
use std::time::Duration;
use tokio::time::sleep;

/// Extensions with one phone each.
pub(crate) const PHONES: Range<u32> = 10_000..14_000;
/// How many of these phones call one another.
const CALLING: usize = 1_000;
/// Extensions that sign nothing.
pub(crate) const SESSIONS: Range<u32> = 90_000..90_200;

/// How many sockets memory is measured with.
pub(crate) const SOCKETS: [usize; 2] = [1_000, 4_000];
/// How many operations are in flight.
pub(crate) const IN_FLIGHT: usize = 64;
/// How many connections are being opened at once: those nobody signed on are bounded for each address.
const OPENING: usize = 32;
/// How long a server has to come to rest before its memory is looked at.
const REST: Duration = Duration::from_millis(500);
/// How long an open loop runs, in seconds.
const SECONDS: u32 = 4;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Open,
    SessionRefresh,
    SignedRefresh,
    DigestPair,
    Call,
}

/// What one operation cost, and how long it took.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) operation: Operation,
    /// CPU time of the server for each, in µs, as fast as it goes.
    pub(crate) cpu: f64,
    /// How many a second then.
    pub(crate) rate: f64,
    /// Half of them took no longer, in ms, at the rate of [`Operation::offered`].
    pub(crate) p50: Option<f64>,
    /// 99 of 100 took no longer.
    pub(crate) p99: Option<f64>,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) measurements: Vec<Measurement>,
    /// Bytes without sockets, and with [`SOCKETS`].
    pub(crate) memory: [u64; 3],
}

impl Operation {
    /// How often it is done as fast as it goes.
    const fn times(self) -> usize {
        match self {
            Self::Open => SOCKETS[1] - SOCKETS[0],
            Self::SessionRefresh | Self::SignedRefresh => 20_000,
            Self::DigestPair | Self::Call => 10_000,
        }
    }

    /// How many a second are begun to see how long one takes; as fast as it goes there is a queue before each.
    pub(crate) const fn offered(self) -> Option<u32> {
        match self {
            Self::Open => None,
            Self::SessionRefresh | Self::SignedRefresh => Some(2_000),
            Self::DigestPair => Some(1_000),
            Self::Call => Some(250),
        }
    }
}

/// The extensions of one kind.
pub(crate) fn extensions(kind: Range<u32>) -> impl Iterator<Item = String> {
    kind.map(|number| number.to_string())
}

/// Measures everything.
pub(crate) async fn run_all(server: &Server) -> Result<Report, Failure> {
    sleep(REST).await;
    let mut memory = [server.pss(), 0, 0];
    let mut measurements = Vec::new();
    let users = extensions(PHONES).enumerate();
    let mut seats: Vec<Seat> = users.map(|(number, user)| Seat { number, user, phone: None }).collect();
    let later = seats.split_off(SOCKETS[0]);
    let mut phones = Vec::new();
    for (index, seats) in [seats, later].into_iter().enumerate() {
        let (opened, measurement) = open(server, seats).await?;
        phones.extend(opened);
        sleep(REST).await;
        memory[index + 1] = server.pss();
        if index == 1 {
            measurements.push(measurement);
        }
    }
    let mut phones = crews(IN_FLIGHT, phones);
    measurements
        .push(measure(server, Operation::SignedRefresh, &mut phones, async |p: &mut Phone| p.refresh().await).await?);
    tend(&mut phones);
    measurements
        .push(measure(server, Operation::DigestPair, &mut phones, async |p: &mut Phone| p.register().await).await?);
    tend(&mut phones);

    let mut all: Vec<Phone> = phones.into_iter().flat_map(Crew::into_members).collect();
    let mut rest = crews(1, all.split_off(CALLING));
    let mut pairs = Vec::new();
    let mut calling = all.into_iter();
    while let (Some(mut caller), Some(callee)) = (calling.next(), calling.next()) {
        caller.meet_proxy().await?;
        pairs.push(Pair::new(caller, callee));
    }
    let mut pairs = crews(IN_FLIGHT, pairs);
    measurements.push(measure(server, Operation::Call, &mut pairs, async |pair: &mut Pair| pair.call().await).await?);
    tend(&mut rest);
    for pair in pairs.iter_mut().flat_map(Crew::members) {
        pair.caller.tend();
        pair.callee.tend();
    }
    measurements.push(sessions(server).await?);
    Ok(Report { measurements, memory })
}

/// A phone that is to be.
struct Seat {
    number: usize,
    user: String,
    phone: Option<Phone>,
}

async fn open(server: &Server, seats: Vec<Seat>) -> Result<(Vec<Phone>, Measurement), Failure> {
    let (count, mut seats) = (seats.len(), crews(OPENING, seats));
    let before = server.cpu();
    let outcome = run(&mut seats, Pace::Closed, count, async |seat: &mut Seat| {
        let mut phone = Phone::open(server.address, &seat.user, seat.number, "/sip", &[]).await?;
        phone.register().await?;
        seat.phone = Some(phone);
        Ok(())
    });
    let outcome = outcome.await?;
    let measurement = Measurement::new(Operation::Open, server.cpu().saturating_sub(before), &outcome);
    Ok((seats.into_iter().flat_map(Crew::into_members).filter_map(|seat| seat.phone).collect(), measurement))
}

/// REGISTERs of phones that the server knows by their session; in Kamailio, by its configuration.
async fn sessions(server: &Server) -> Result<Measurement, Failure> {
    let (mut phones, mut tabs): (Vec<Phone>, Vec<Tab>) = (Vec::new(), Vec::new());
    for (number, user) in extensions(SESSIONS).enumerate() {
        let mut phone = if server.has_pages {
            let (phone, tab) = pages::open(server, &user, number).await?;
            tabs.push(tab);
            phone
        } else {
            Phone::open(server.address, &user, number, "/sip", &[]).await?
        };
        phone.refresh_unsigned().await?;
        phones.push(phone);
    }
    for tab in &mut tabs {
        tab.stay().await?;
    }
    let mut phones = crews(IN_FLIGHT, phones);
    measure(server, Operation::SessionRefresh, &mut phones, async |p: &mut Phone| p.refresh_unsigned().await).await
}

async fn measure<T>(
    server: &Server,
    operation: Operation,
    crews: &mut [Crew<T>],
    work: impl AsyncFn(&mut T) -> Result<(), Failure>,
) -> Result<Measurement, Failure> {
    // Warm: what is allocated once, and the branch predictor.
    run(crews, Pace::Closed, operation.times() / 10, &work).await?;
    let before = server.cpu();
    let fast = run(crews, Pace::Closed, operation.times(), &work).await?;
    let mut measurement = Measurement::new(operation, server.cpu().saturating_sub(before), &fast);
    if let Some(rate) = operation.offered() {
        let steady = run(crews, Pace::PerSecond(rate), (rate * SECONDS) as usize, &work).await?;
        measurement.p50 = Some(steady.percentile(0.5));
        measurement.p99 = Some(steady.percentile(0.99));
    }
    eprintln!("  {operation:?}: {:.1} µs, {:.0} each second", measurement.cpu, measurement.rate);
    Ok(measurement)
}

fn tend(phones: &mut [Crew<Phone>]) {
    phones.iter_mut().flat_map(Crew::members).for_each(Phone::tend);
}

impl Measurement {
    fn new(operation: Operation, cpu: Duration, outcome: &Outcome) -> Self {
        let cpu = cpu.as_secs_f64() * 1e6 / outcome.latencies.len() as f64;
        Self { operation, cpu, rate: outcome.rate(), p50: None, p99: None }
    }
}

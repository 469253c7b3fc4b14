//! The engines, as a list.

use std::hint::black_box;

use criterion::Criterion;
use sip_bench::corpus::Sample;
use sip_bench::engines::sip::Sip;
use sip_bench::{Engine, Seen, Spent};

/// What is measured of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Parse, and read the fields of [`sip_bench::Field`], typed.
    Read,
    /// Parse alone, however much the engine does in it.
    Parse,
    /// Write what was parsed.
    Write,
    /// Parse and write.
    RoundTrip,
}

impl Work {
    /// All.
    pub const ALL: [Self; 4] = [Self::Read, Self::Parse, Self::Write, Self::RoundTrip];

    /// Its name in Criterion's folder and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "parse and read typed",
            Self::Parse => "parse alone",
            Self::Write => "serialize",
            Self::RoundTrip => "parse and serialize",
        }
    }
}

/// An engine as a value.
pub struct Entrant {
    /// Its crate and version.
    pub name: &'static str,
    /// Measures.
    pub bench: fn(&mut Criterion, Work, &Sample),
    /// Does the work once, and says whether it could.
    pub once: fn(Work, &[u8]) -> bool,
    seen: fn(&[u8]) -> Option<Seen>,
    written: fn(&[u8]) -> Option<Vec<u8>>,
}

/// Ours, and then the others.
#[cfg(not(feature = "rivals"))]
pub fn entrants() -> Vec<Entrant> {
    vec![entrant::<Sip>()]
}

/// Ours, and then the others.
#[cfg(feature = "rivals")]
pub fn entrants() -> Vec<Entrant> {
    use sip_bench::engines::{ezk, rsip, rsiprtp, rvoip, sipmsg, sipx, text, xylosip};
    vec![
        entrant::<Sip>(),
        entrant::<rsip::Rsip>(),
        entrant::<rsip::FtthRsip>(),
        entrant::<rsip::RsipStack>(),
        entrant::<ezk::Ezk>(),
        #[cfg(feature = "siphon")]
        entrant::<sip_bench::engines::siphon::Siphon>(),
        entrant::<sipx::Sipx>(),
        entrant::<rsiprtp::RsipRtp>(),
        entrant::<rvoip::Rvoip>(),
        entrant::<sipmsg::SipMsg>(),
        entrant::<xylosip::XyloSip>(),
        entrant::<text::SipAsText>(),
        entrant::<text::SipCore>(),
        entrant::<text::Xphone>(),
        entrant::<text::Parsip>(),
    ]
}

impl Entrant {
    /// Tells where an engine fails, or sees something else than ours.
    pub fn check(&self, sample: &Sample) {
        let (ours, theirs) = (seen::<Sip>(&sample.bytes), (self.seen)(&sample.bytes));
        assert!(ours.is_some(), "ours reads every message");
        if ours != theirs {
            eprintln!("{} reads {} otherwise:\n  ours   {ours:?}\n  theirs {theirs:?}", self.name, sample.name);
        }
        if let Some(written) = (self.written)(&sample.bytes).filter(|written| !same(written, &sample.bytes)) {
            let written = String::from_utf8_lossy(&written);
            eprintln!("{} writes {} otherwise:\n{written}", self.name, sample.name);
        }
    }

    /// Whether the engine does this work, and right.
    pub fn can(&self, work: Work, sample: &Sample) -> bool {
        match work {
            Work::Read => (self.seen)(&sample.bytes) == seen::<Sip>(&sample.bytes),
            Work::Parse => (self.once)(work, &sample.bytes),
            Work::Write | Work::RoundTrip => {
                (self.written)(&sample.bytes).is_some_and(|written| same(&written, &sample.bytes))
            }
        }
    }
}

fn entrant<E: Engine>() -> Entrant {
    Entrant { name: E::NAME, bench: bench::<E>, once: once::<E>, seen: seen::<E>, written: round_trip::<E> }
}

fn bench<E: Engine>(criterion: &mut Criterion, work: Work, sample: &Sample) {
    let bytes = &sample.bytes[..];
    let Some(message) = E::parse(bytes) else { return };
    let mut group = criterion.benchmark_group(work.name());
    group.bench_function(criterion::BenchmarkId::new(sample.name, E::NAME), |bencher| match work {
        Work::Read => bencher.iter(|| read::<E>(black_box(bytes))),
        Work::Parse => bencher.iter(|| E::parse(black_box(bytes))),
        Work::Write => bencher.iter(|| E::write(black_box(&message))),
        Work::RoundTrip => bencher.iter(|| round_trip::<E>(black_box(bytes))),
    });
    group.finish();
}

fn once<E: Engine>(work: Work, bytes: &[u8]) -> bool {
    match work {
        Work::Read => read::<E>(bytes).is_some(),
        Work::Parse => E::parse(bytes).is_some(),
        Work::Write | Work::RoundTrip => round_trip::<E>(bytes).is_some(),
    }
}

fn read<E: Engine>(bytes: &[u8]) -> Option<()> {
    let message = E::parse(bytes)?;
    E::read(&message, &mut Spent)?;
    black_box(message);
    Some(())
}

fn round_trip<E: Engine>(bytes: &[u8]) -> Option<Vec<u8>> {
    E::write(black_box(&E::parse(bytes)?))
}

fn seen<E: Engine>(bytes: &[u8]) -> Option<Seen> {
    let mut seen = Seen::default();
    E::read(&E::parse(bytes)?, &mut seen)?;
    Some(seen)
}

/// Whether what was written says the same as what was read, as ours reads it.
fn same(written: &[u8], read: &[u8]) -> bool {
    let body = |bytes| Sip::parse(bytes).map(|message| message.body().to_vec());
    seen::<Sip>(written) == seen::<Sip>(read) && body(written) == body(read)
}

//! Load: as much as the server takes with so much in flight, or at a rate whatever the server does.

use super::Failure;
use futures::future::join_all;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How long one may take; what takes longer failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// When so many failed there is nothing left to measure.
const MAX_FAILED: usize = 100;

/// Members who work one after the other; the crews work at the same time.
pub(crate) struct Crew<T> {
    members: Vec<T>,
    next: usize,
}

/// How operations follow one another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// The next begins when one ends.
    Closed,
    /// So many begin each second, whether the server keeps up or not.
    PerSecond(u32),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// How long all of it took.
    pub(crate) elapsed: Duration,
    /// How long each took, in order of that.
    pub(crate) latencies: Vec<Duration>,
}

/// Divides the members among as many crews as there may be operations in flight.
pub(crate) fn crews<T>(in_flight: usize, members: Vec<T>) -> Vec<Crew<T>> {
    let mut crews: Vec<Crew<T>> = (0..in_flight).map(|_| Crew { members: Vec::new(), next: 0 }).collect();
    for (index, member) in members.into_iter().enumerate() {
        crews[index % in_flight].members.push(member);
    }
    crews.retain(|crew| !crew.members.is_empty());
    crews
}

impl<T> Crew<T> {
    /// Everybody.
    pub(crate) fn members(&mut self) -> impl Iterator<Item = &mut T> {
        self.members.iter_mut()
    }

    /// Nobody works any more.
    pub(crate) fn into_members(self) -> Vec<T> {
        self.members
    }

    fn next(&mut self) -> &mut T {
        let index = self.next;
        self.next = (index + 1) % self.members.len();
        &mut self.members[index]
    }
}

/// Has so many operations done, by everybody in turn.
pub(crate) async fn run<T>(
    crews: &mut [Crew<T>],
    pace: Pace,
    operations: usize,
    operation: impl AsyncFn(&mut T) -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    let begun = Cell::new(0_usize);
    let latencies = RefCell::new(Vec::with_capacity(operations));
    let failures = RefCell::new(Vec::new());
    let start = Instant::now();
    let work = async |crew: &mut Crew<T>| {
        loop {
            let number = begun.get();
            if number >= operations || failures.borrow().len() >= MAX_FAILED {
                return;
            }
            begun.set(number + 1);
            let from = due(start, pace, number).await;
            match timeout(PATIENCE, operation(crew.next())).await {
                Ok(Ok(())) => latencies.borrow_mut().push(from.elapsed()),
                Ok(Err(error)) => failures.borrow_mut().push(error.to_string()),
                Err(_) => failures.borrow_mut().push("no answer in time".to_owned()),
            }
        }
    };
    join_all(crews.iter_mut().map(work)).await;
    let elapsed = start.elapsed();
    if let Some(first) = failures.borrow().first() {
        return Err(format!("{} of {operations} failed, the first: {first}", failures.borrow().len()).into());
    }
    let mut latencies = latencies.into_inner();
    latencies.sort_unstable();
    Ok(Outcome { elapsed, latencies })
}

/// Waits until an operation is due, and says from when its time counts: from when it was due if nobody was free
/// to begin it then, which is the server's doing; else from now, since the timer's rounding is not.
async fn due(start: Instant, pace: Pace, number: usize) -> Instant {
    let Pace::PerSecond(rate) = pace else { return Instant::now() };
    let at = start + Duration::from_secs_f64(number as f64 / f64::from(rate));
    if at <= Instant::now() {
        return at;
    }
    sleep_until(at).await;
    Instant::now()
}

impl Outcome {
    /// Operations a second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time in milliseconds that this share of the operations did not exceed.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let index = ((last as f64) * share).round() as usize;
        self.latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

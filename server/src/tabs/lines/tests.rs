use super::*;
use crate::store::{Kind, fixture};
use app::lease::Grant;
use tempfile::TempDir;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);
const ONE: SessionId = SessionId(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
const SECRET: &[u8] = b"a=ice-pwd:of-a-call-that-is-up";

/// Tells what it is to keep.
struct Clerk(mpsc::UnboundedSender<Charge>);

impl Caretaker for Clerk {
    fn mind(&self, charge: Charge) {
        self.0.send(charge).unwrap();
    }
}

fn clerk(lines: &Lines) -> mpsc::UnboundedReceiver<Charge> {
    let (sender, charges) = mpsc::unbounded_channel();
    lines.employ(Arc::new(Clerk(sender)));
    charges
}

async fn storage() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::open(directory.path(), None, module_path!()).await.unwrap();
    fixture::account(&store, 1, "1001").await;
    (directory, store)
}

async fn next(place: &mut Place) -> ToTab {
    let said = timeout(SOON, place.queue.recv()).await.expect("nothing was said");
    let Some(Outgoing::Message(words)) = said else { panic!("{said:?}") };
    words
}

async fn granted(place: &mut Place) -> Grant {
    let words = next(place).await;
    let ToTab::Granted(grant) = words else { panic!("{words:?}") };
    grant
}

fn hello(tab: &str) -> FromTab {
    FromTab::Hello { tab: tab.to_owned(), running: None, loaded: true }
}

fn in_call(epoch: u64) -> FromTab {
    FromTab::Publish { epoch, state: LineState::default(), snapshot: SECRET.to_vec(), to_lose: true, last: false }
}

fn kept(snapshot: &[u8]) -> LineKept {
    LineKept { state: LineState::default(), snapshot: snapshot.to_vec() }
}

/// A tab in a call.
async fn calling(lines: &Lines) -> (Place, u64) {
    let mut tab = lines.enter(1, ONE).unwrap();
    tab.receive(hello("tab")).await;
    let epoch = granted(&mut tab).await.epoch;
    tab.receive(in_call(epoch)).await;
    (tab, epoch)
}

#[tokio::test]
async fn the_caretaker_ends_the_calls_of_a_session_that_is_over_and_acts_only_while_it_has_the_line() {
    let (_directory, store) = storage().await;
    let lines = Lines::open(store).await.unwrap();
    let mut charges = clerk(&lines);
    let (_tab, epoch) = calling(&lines).await;
    Leases::end(&lines, Ended { account: 1, session: ONE });
    let charge = timeout(SOON, charges.recv()).await.unwrap().unwrap();
    assert_eq!((charge.account, charge.snapshot.as_slice()), (1, SECRET));
    assert!(charge.epoch > epoch && charge.until <= clock::now(), "at once");
    assert!(lines.current(1, charge.epoch) && !lines.current(1, epoch));

    assert!(!lines.keep(1, epoch, kept(b"old")) && !lines.keep(2, charge.epoch, kept(b"another line")));
    assert!(lines.keep(1, charge.epoch, kept(b"goodbye is on its way")));
    lines.over(1, charge.epoch, LineState::default());
    assert!(!lines.keep(1, charge.epoch, kept(b"late")));
    let mut next = lines.enter(1, SessionId(2)).unwrap();
    next.receive(hello("next")).await;
    assert_eq!(granted(&mut next).await.snapshot, None);
}

#[tokio::test]
async fn what_was_kept_is_kept_again_after_a_restart_and_is_sealed_in_the_database() {
    let (_directory, store) = storage().await;
    let lines = Lines::open(store.clone()).await.unwrap();
    let (tab, _) = calling(&lines).await;
    let line = lines.find(1).unwrap();
    drop(tab);
    // As if its time had come.
    lines.step(&line, |hub, now| hub.timeout(now + super::super::hub::MINDS));
    let epoch = lock(&line.desk).hub.lease().epoch;
    assert!(lines.keep(1, epoch, kept(SECRET)));
    lines.flush().await;

    let row: (Vec<u8>, Vec<u8>, Option<i64>) =
        sqlx::query_as("SELECT snapshot, session, minded_until FROM leases").fetch_one(store.pool()).await.unwrap();
    let shows = |bytes: &[u8], plain: &[u8]| bytes.windows(plain.len()).any(|window| window == plain);
    assert!(!shows(&row.0, b"ice-pwd") && !shows(&row.1, &ONE.0.to_be_bytes()[..8]), "{row:?}");
    assert!(row.2.is_some());

    let again = Lines::open(store).await.unwrap();
    let mut charges = clerk(&again);
    let charge = timeout(SOON, charges.recv()).await.unwrap().unwrap();
    assert_eq!(charge.snapshot, SECRET);
    assert!(charge.epoch > epoch);
    let mut heir = again.enter(1, ONE).unwrap();
    heir.receive(hello("of another name")).await;
    assert!(matches!(next(&mut heir).await, ToTab::Line(_)));
    assert_eq!(granted(&mut heir).await.snapshot.unwrap().0, SECRET);
    assert!(!again.keep(1, charge.epoch, kept(b"late")));
}

#[tokio::test]
async fn a_sign_of_life_is_answered_while_the_database_hangs_and_a_grant_waits_until_it_is_written() {
    let (_directory, store) = storage().await;
    let lines = Lines::open(store.clone()).await.unwrap();
    let (mut tab, _) = calling(&lines).await;
    lines.flush().await;
    let mut hanging = store.pool().acquire().await.unwrap();
    let hang: &[&str] = match store.kind() {
        Kind::Sqlite => &["BEGIN IMMEDIATE"],
        Kind::Postgres => &["BEGIN", "LOCK TABLE leases IN EXCLUSIVE MODE"],
    };
    for statement in hang {
        sqlx::query(statement).execute(&mut *hanging).await.unwrap();
    }

    let mut other = lines.enter(1, ONE).unwrap();
    other.receive(hello("other")).await;
    assert_eq!(next(&mut other).await, ToTab::Watching);
    other.receive(FromTab::Take).await;
    assert_eq!(next(&mut tab).await, ToTab::Yield);
    let words =
        FromTab::Publish { epoch: 1, state: LineState::default(), snapshot: Vec::new(), to_lose: true, last: true };
    tab.receive(words).await;
    tab.receive(FromTab::Alive).await;
    other.receive(FromTab::Alive).await;
    let mut heard = Vec::new();
    while heard.last() != Some(&ToTab::Alive) {
        heard.push(next(&mut other).await);
    }
    assert!(!heard.iter().any(|words| matches!(words, ToTab::Granted(_))), "{heard:?}");
    while next(&mut tab).await != ToTab::Alive {}
    sqlx::query("COMMIT").execute(&mut *hanging).await.unwrap();
    assert_eq!(granted(&mut other).await.epoch, 2);
}

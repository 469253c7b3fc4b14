use super::*;
use std::cell::RefCell;

/// What there is: whoever's name does not begin with `x`.
#[derive(Default)]
struct There(RefCell<u32>);

impl Source for There {
    fn bindings(&self, user: &str) -> Option<Vec<u8>> {
        *self.0.borrow_mut() += 1;
        (!user.starts_with('x')).then(|| user.as_bytes().to_vec())
    }

    /// Those of even numbers go on.
    fn call(&self, number: u64) -> Option<Vec<u8>> {
        number.is_multiple_of(2).then(Vec::new)
    }

    fn machine(&self, _name: &str) -> Option<Vec<u8>> {
        Some(Vec::new())
    }
}

fn envelope(id: i64) -> Envelope {
    Envelope { id, to: "1002".into(), from: "1001".into(), size: 1, expires: u64::MAX }
}

fn users(records: Option<Vec<Record>>) -> Vec<(String, bool)> {
    let users = records.into_iter().flatten().map(|record| {
        let Record::Bindings { user, saved } = record else { panic!("{record:?}") };
        (user, saved.is_some())
    });
    users.collect()
}

#[test]
fn what_changes_several_times_is_written_once() {
    let mut journal = Journal::default();
    for _ in 0..10 {
        journal.bound("1001", 1_000);
        journal.bound("x", 1_000);
    }
    assert_eq!(journal.deadline(), Some(1_000 + SOON));
    assert_eq!(journal.batch(&There::default(), 1_000), None, "it waits for more");
    let batch = journal.batch(&There::default(), 1_000 + SOON);
    assert_eq!(users(batch), [("1001".into(), true), ("x".into(), false)]);
    assert_eq!(journal.written(Some(&[]), 2_000), []);
    assert!(!journal.is_open());
}

#[test]
fn a_message_is_written_at_once_and_takes_what_else_there_is_with_it() {
    let mut journal = Journal::default();
    journal.bound("1001", 0);
    journal.message(envelope(1), vec![1], 0).unwrap();
    journal.remove(2, 0);
    let records = journal.batch(&There::default(), 0).unwrap();
    assert_eq!(records.len(), 3);
    assert!(matches!(records.first(), Some(Record::Message { .. })));
    assert_eq!(journal.written(Some(&[]), 1), [Outcome::Written(1), Outcome::Removed(2)]);
}

#[test]
fn a_slow_disk_has_one_batch_at_a_time() {
    let mut journal = Journal::default();
    journal.message(envelope(1), vec![1], 0).unwrap();
    assert!(journal.batch(&There::default(), 0).is_some());
    journal.message(envelope(2), vec![1], 1).unwrap();
    journal.message(envelope(3), vec![1], 2).unwrap();
    assert_eq!(journal.batch(&There::default(), 3), None);
    assert_eq!(journal.deadline(), None, "there is nothing to wake up for");
    assert_eq!(journal.written(Some(&[]), 4), [Outcome::Written(1)]);
    assert_eq!(journal.batch(&There::default(), 4).unwrap().len(), 2);
    assert_eq!(journal.written(Some(&[3]), 5), [Outcome::Written(2), Outcome::Refused(3)], "who has no account");
}

#[test]
fn there_is_room_for_so_many_messages_that_wait() {
    let mut journal = Journal::default();
    for id in 0..i64::try_from(MAX_MESSAGES).unwrap() {
        journal.message(envelope(id), vec![1], 0).unwrap();
    }
    assert_eq!(journal.message(envelope(-1), vec![1], 0), Err(Full));
    journal.remove(5, 0);
    let mut journal = Journal::default();
    assert_eq!(journal.message(envelope(1), vec![0; MAX_BYTES + 1], 0), Err(Full));
}

#[test]
fn what_could_not_be_written_is_tried_again_but_for_messages() {
    let mut journal = Journal::default();
    journal.message(envelope(1), vec![1], 0).unwrap();
    journal.remove(2, 0);
    journal.bound("1001", 0);
    assert_eq!(journal.batch(&There::default(), 0).unwrap().len(), 3);
    journal.bound("1002", 1);
    assert_eq!(journal.written(None, 10), [Outcome::Lost(1)]);
    assert_eq!(journal.deadline(), Some(10 + PAUSE));
    let again = journal.batch(&There::default(), 10 + PAUSE).unwrap();
    assert_eq!(again.first(), Some(&Record::Removed(2)));
    assert_eq!(again.len(), 3, "{again:?}");
    assert_eq!(journal.written(Some(&[]), 2_000), [Outcome::Removed(2)]);
    assert!(!journal.is_open());
}

#[test]
fn refreshes_are_written_once_an_hour() {
    let mut journal = Journal::default();
    let there = There::default();
    journal.bound("1001", 0);
    assert!(journal.batch(&there, SOON).is_some());
    journal.written(Some(&[]), SOON);
    for at in (SOON..SOON + REWRITTEN).step_by(1_000) {
        journal.refreshed("1001", at);
        assert!(!journal.is_open());
    }
    journal.refreshed("1001", SOON + REWRITTEN);
    assert_eq!(users(journal.batch(&there, 2 * SOON + REWRITTEN)), [("1001".into(), true)]);
    assert_eq!(*there.0.borrow(), 2);
}

#[test]
fn many_changes_are_several_batches() {
    let mut journal = Journal::default();
    for user in 0..=BATCH {
        journal.bound(&user.to_string(), 0);
    }
    assert_eq!(users(journal.batch(&There::default(), SOON)).len(), BATCH);
    journal.written(Some(&[]), SOON + 1);
    assert_eq!(users(journal.batch(&There::default(), SOON + 1)).len(), 1);
}

#[test]
fn a_message_is_removed_once_and_so_many_in_one_batch() {
    let mut journal = Journal::default();
    let there = There::default();
    let many = i64::try_from(BATCH).unwrap();
    for _ in 0..3 {
        (0..=many).for_each(|id| journal.remove(id, 0));
    }
    assert_eq!(journal.batch(&there, 0).unwrap().len(), BATCH);
    journal.remove(0, 1);
    assert_eq!(journal.written(None, 1), [], "they are tried again");
    assert_eq!(journal.batch(&there, 1 + PAUSE).unwrap().len(), BATCH);
    assert_eq!(journal.written(Some(&[]), 2 * PAUSE).len(), BATCH);
    assert_eq!(journal.batch(&there, 2 * PAUSE), Some(vec![Record::Removed(many)]));
    assert_eq!(journal.written(Some(&[]), 2 * PAUSE), [Outcome::Removed(many)]);
    assert!(!journal.is_open());
}

#[test]
fn a_machine_is_written_as_a_whole_now_and_then() {
    let mut journal = Journal::default();
    journal.machine("notifier", 0);
    journal.machine("notifier", 4_000);
    assert_eq!(journal.deadline(), Some(WHOLE));
    journal.bound("1001", 0);
    assert_eq!(users(journal.batch(&There::default(), SOON)).len(), 1);
    journal.written(Some(&[]), SOON);
    let batch = journal.batch(&There::default(), WHOLE).unwrap();
    assert!(matches!(batch.as_slice(), [Record::Snapshot { name: "notifier", saved: Some(_) }]));
    journal.written(None, WHOLE);
    assert_eq!(journal.deadline(), Some(2 * WHOLE));
}

#[test]
fn a_call_is_written_when_it_has_lasted_for_a_while_and_removed_when_it_is_over() {
    let mut journal = Journal::new(HashMap::new(), BTreeSet::from([7]));
    let there = There::default();
    journal.call(2, 0);
    journal.call(3, 0);
    journal.call(7, 100);
    journal.bound("1001", 0);
    assert_eq!(users(journal.batch(&there, SOON)).len(), 1, "the calls wait");
    journal.written(Some(&[]), SOON);
    let calls = |records: Option<Vec<Record>>| -> Vec<(u64, bool)> {
        let calls = records.into_iter().flatten().map(|record| {
            let Record::Call { number, saved } = record else { panic!("{record:?}") };
            (number, saved.is_some())
        });
        calls.collect()
    };
    assert_eq!(journal.deadline(), Some(TALK));
    assert_eq!(calls(journal.batch(&there, TALK)), [(2, true)], "3 was over before it was written");
    journal.written(None, TALK);
    journal.call(2, TALK);
    let retried = TALK + PAUSE;
    assert_eq!(calls(journal.batch(&there, retried)), [(2, true), (7, false)]);
    journal.written(Some(&[]), retried);
    assert_eq!(calls(journal.batch(&there, 2 * TALK)), [], "nothing changed since");
    assert!(!journal.is_open());
}

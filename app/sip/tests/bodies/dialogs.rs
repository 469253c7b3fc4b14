use sip::body::dialog_info::{Dialog, DialogInfo, DialogState, DialogTable, Direction};
use sip::body::{BodyErrorKind, Merge, Notice, limits};
use sip::message::Status;

macro_rules! parsed {
    ($file:literal) => {
        DialogInfo::parse(include_bytes!(concat!($file, ".xml"))).expect($file)
    };
}

fn document(version: u32, notice: Notice, dialogs: &[(&str, DialogState)]) -> DialogInfo {
    let dialog =
        |(id, state): &(&str, DialogState)| Dialog { id: (*id).into(), state: Some(*state), ..Dialog::default() };
    DialogInfo { version: Some(version), notice, entity: None, dialogs: dialogs.iter().map(dialog).collect() }
}

fn lamps(table: &DialogTable) -> Vec<(&str, Option<DialogState>)> {
    table.dialogs().iter().map(|dialog| (dialog.id.as_str(), dialog.state)).collect()
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    let full = parsed!("dialog-rfc4235-full");
    assert_eq!(
        (full.version, full.notice, full.entity.as_deref()),
        (Some(0), Notice::Full, Some("sip:alice@example.com"))
    );
    let partial = parsed!("dialog-rfc4235-partial");
    assert_eq!(partial.notice, Notice::Partial);
    let [dialog] = partial.dialogs.as_slice() else { panic!("{partial:?}") };
    assert_eq!(dialog.call_id.as_deref(), Some("a84b4c76e66710"));
    assert_eq!((dialog.local_tag.as_deref(), dialog.remote_tag.as_deref()), (Some("1928301774"), Some("hh76a")));
    assert_eq!((dialog.direction, dialog.state), (Some(Direction::Initiator), Some(DialogState::Confirmed)));
    assert_eq!((dialog.code, dialog.duration), (Some(Status::OK), Some(274)));
    assert_eq!(dialog.local.target.as_deref(), Some("sip:alice@pc33.example.com"));
    assert_eq!(dialog.local.rendering, Some(false), "Alice has put Bob on hold");
    assert_eq!(
        (dialog.remote.identity.as_deref(), dialog.remote.display.as_deref()),
        (Some("sip:bob@example.org"), Some("Bob"))
    );
    assert_eq!(DialogInfo::parse(partial.compose().as_bytes()).as_ref(), Ok(&partial));
}

#[test]
fn servers_are_understood() {
    let chan_sip = parsed!("dialog-chan-sip");
    let ringing = &chan_sip.dialogs[0];
    assert_eq!((ringing.state, ringing.direction), (Some(DialogState::Early), Some(Direction::Recipient)));
    assert_eq!(ringing.remote.display.as_deref(), Some("Bob & Co"));
    let freeswitch = parsed!("dialog-freeswitch");
    assert_eq!(freeswitch.dialogs[0].local.rendering, Some(true));
    assert_eq!(freeswitch.dialogs[0].call_id, None);
    let kamailio = parsed!("dialog-kamailio");
    assert_eq!((kamailio.version, kamailio.notice), (Some(2), Notice::Partial));
    assert_eq!((kamailio.dialogs[0].state, kamailio.dialogs[0].direction), (Some(DialogState::Proceeding), None));
    let idle = parsed!("dialog-chan-pjsip-idle");
    let mut table = DialogTable::new();
    assert_eq!(table.merge(idle), Merge::Applied);
    assert_eq!(lamps(&table), []);
    assert_eq!((table.entity(), table.version()), (Some("sip:6001@192.0.2.1:5060"), Some(3)));
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let odd = DialogInfo::parse(
        b"<dialog-info version='x'><dialog direction='up'><state code='7'>humming</state></dialog></dialog-info>",
    );
    let odd = odd.expect("it is well-formed");
    assert_eq!((odd.version, odd.notice), (None, Notice::Full));
    assert_eq!(odd.dialogs, [Dialog::default()]);
}

#[test]
fn partial_documents_change_what_a_full_one_has_told() {
    use DialogState::{Confirmed, Early, Terminated, Trying};
    let mut table = DialogTable::new();
    assert_eq!(table.merge(document(5, Notice::Full, &[("a", Trying), ("b", Confirmed)])), Merge::Applied);
    assert_eq!(table.merge(document(6, Notice::Partial, &[("a", Early), ("c", Trying)])), Merge::Applied);
    assert_eq!(lamps(&table), [("a", Some(Early)), ("b", Some(Confirmed)), ("c", Some(Trying))]);
    assert_eq!(table.merge(document(7, Notice::Partial, &[("b", Terminated)])), Merge::Applied);
    assert_eq!(lamps(&table), [("a", Some(Early)), ("c", Some(Trying))]);
    assert_eq!(table.merge(document(8, Notice::Full, &[("d", Confirmed)])), Merge::Applied);
    assert_eq!(lamps(&table), [("d", Some(Confirmed))]);
}

#[test]
fn a_gap_is_told_until_a_full_document_comes() {
    use DialogState::{Confirmed, Trying};
    let mut table = DialogTable::new();
    assert_eq!(table.merge(document(1, Notice::Partial, &[("a", Trying)])), Merge::Gap, "nothing is known yet");
    assert_eq!(table.merge(document(2, Notice::Partial, &[])), Merge::Gap);
    assert_eq!(table.merge(document(3, Notice::Full, &[("a", Trying)])), Merge::Applied);
    assert_eq!(table.merge(document(5, Notice::Partial, &[("a", Confirmed)])), Merge::Gap, "4 was missed");
    assert_eq!(lamps(&table), [("a", Some(Confirmed))], "it is applied all the same");
    assert_eq!(table.merge(document(6, Notice::Partial, &[])), Merge::Gap);
    assert_eq!(table.merge(document(9, Notice::Full, &[])), Merge::Applied);
    assert_eq!(table.merge(document(10, Notice::Partial, &[])), Merge::Applied);
}

#[test]
fn what_is_older_changes_nothing() {
    use DialogState::{Confirmed, Trying};
    let mut table = DialogTable::new();
    table.merge(document(5, Notice::Full, &[("a", Confirmed)]));
    let before = table.clone();
    assert_eq!(table.merge(document(4, Notice::Full, &[("a", Trying)])), Merge::Stale);
    assert_eq!(table.merge(document(5, Notice::Partial, &[("a", Trying)])), Merge::Stale);
    assert_eq!(table, before);
    assert_eq!(table.merge(document(5, Notice::Full, &[("a", Trying)])), Merge::Applied, "a server that never counts");
    assert_eq!(lamps(&table), [("a", Some(Trying))]);
}

#[test]
fn versions_are_compared_to_the_last_one() {
    let mut table = DialogTable::new();
    assert_eq!(table.merge(document(u32::MAX, Notice::Full, &[])), Merge::Applied);
    assert_eq!(table.merge(document(0, Notice::Partial, &[])), Merge::Stale);
}

#[test]
fn a_table_has_room_for_so_many_and_no_more() {
    let mut table = DialogTable::new();
    table.merge(document(0, Notice::Full, &[]));
    for version in 0..u32::try_from(limits::DIALOGS).unwrap() {
        let id = version.to_string();
        assert_eq!(table.merge(document(version + 1, Notice::Partial, &[(&id, DialogState::Early)])), Merge::Applied);
    }
    let next = table.version().unwrap() + 1;
    assert_eq!(table.merge(document(next, Notice::Partial, &[("more", DialogState::Early)])), Merge::Gap);
    assert_eq!(table.dialogs().len(), limits::DIALOGS);
}

#[test]
fn too_many_dialogs_are_refused() {
    let many = format!("<dialog-info>{}</dialog-info>", "<dialog/>".repeat(limits::DIALOGS + 1));
    assert_eq!(DialogInfo::parse(many.as_bytes()).map_err(|error| error.kind), Err(BodyErrorKind::TooMany));
}

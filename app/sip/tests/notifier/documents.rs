//! What the documents of calls, mailboxes and registrations say, and what watchers who follow them know.

use crate::bench::{Bench, DOMAIN, benches, call, config};
use sip::body::dialog_info::{DialogInfo, DialogState, DialogTable, Direction};
use sip::body::message_summary::{MessageClass, MessageSummary};
use sip::body::reginfo::{ContactEvent, ContactState, RegInfo, RegisteredContact, RegistrationState};
use sip::body::{Merge, Notice};
use sip::message::Response;
use sip::notifier::{CallState, Disclosure, Progress};
use sip::uri::Uri;

/// Calls go their way, and a watcher knows all of it.
#[test]
fn a_busy_lamp() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "dialog");
        let mut table = DialogTable::new();
        let mut versions = Vec::new();
        let mut follow = |bench: &mut Bench, states: &[DialogState]| {
            let info = DialogInfo::parse(&bench.heard().request.body).unwrap();
            assert_eq!((info.notice, info.entity.as_deref()), (Notice::Full, Some("sip:1001@tabphone")));
            let said: Vec<_> = info.dialogs.iter().map(|dialog| dialog.state.unwrap()).collect();
            assert_eq!(said, states);
            versions.push(info.version.unwrap());
            assert_eq!(table.merge(info), Merge::Applied);
            bench.pass(1000);
            table.dialogs().len()
        };
        assert_eq!(follow(&mut bench, &[]), 0);
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Trying)]);
        assert_eq!(follow(&mut bench, &[DialogState::Trying]), 1);
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Early)]);
        assert_eq!(follow(&mut bench, &[DialogState::Early]), 1);
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Confirmed)]);
        assert_eq!(follow(&mut bench, &[DialogState::Confirmed]), 1);
        let both =
            vec![call(1, Direction::Recipient, Progress::Confirmed), call(2, Direction::Initiator, Progress::Early)];
        bench.call("1001", both);
        assert_eq!(follow(&mut bench, &[DialogState::Confirmed, DialogState::Early]), 2);
        bench.call("1001", vec![call(2, Direction::Initiator, Progress::Confirmed)]);
        assert_eq!(follow(&mut bench, &[DialogState::Confirmed, DialogState::Terminated]), 1);
        bench.call("1001", vec![]);
        assert_eq!(follow(&mut bench, &[DialogState::Terminated]), 0, "what is over is told once");
        assert_eq!(versions, [0, 1, 2, 3, 4, 5, 6]);
        assert!(bench.take().is_empty());
    }
}

/// A call that came and went while nothing could be told is not told.
#[test]
fn a_call_that_nobody_was_told_of_is_not_said_to_be_over() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "dialog");
        let first = bench.one();
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Early)]);
        bench.call("1001", vec![]);
        bench.respond(&first, 200);
        bench.pass(500);
        assert_eq!(DialogInfo::parse(&bench.heard().request.body).unwrap().dialogs, []);
    }
}

/// RFC 4235 4.1: all that is needed to pick a ringing call up with Replaces (RFC 3891).
#[test]
fn a_call_can_be_picked_up() {
    for mut bench in benches() {
        bench.call("1001", vec![call(5, Direction::Recipient, Progress::Early)]);
        bench.watch("1002", "1001", "dialog");
        let info = DialogInfo::parse(&bench.heard().request.body).unwrap();
        let dialog = &info.dialogs[0];
        assert_eq!(dialog.call_id.as_deref(), Some("call-5"));
        assert_eq!((dialog.local_tag.as_deref(), dialog.remote_tag.as_deref()), (Some("local"), Some("remote")));
        assert_eq!(dialog.direction, Some(Direction::Recipient));
        assert_eq!(dialog.local.identity, Some(format!("sip:1001@{DOMAIN}")));
        assert_eq!(dialog.remote.identity, Some(format!("sip:1003@{DOMAIN}")));
        assert_eq!(dialog.remote.display.as_deref(), Some("Carol"));
        assert_eq!(dialog.remote.target.as_deref(), Some("sip:carol@c.invalid;transport=ws"));
    }
}

/// A phone that has not answered yet has no tag.
#[test]
fn what_is_not_known_is_not_said() {
    for mut bench in benches() {
        let bare = CallState {
            local_tag: String::new(),
            remote_tag: None,
            remote_target: None,
            ..call(5, Direction::Recipient, Progress::Trying)
        };
        bench.call("1001", vec![bare]);
        bench.watch("1002", "1001", "dialog");
        let text = bench.heard().text();
        assert!(!text.contains("-tag=") && !text.contains("target"), "{text}");
    }
}

/// What others learn is a matter of policy; of oneself one learns all.
#[test]
fn calls_are_told_as_far_as_the_policy_lets() {
    for (disclosure, ids, parties) in
        [(Disclosure::States, false, false), (Disclosure::Parties, false, true), (Disclosure::Dialogs, true, true)]
    {
        let mut config = config();
        config.disclosure = disclosure;
        let mut bench = Bench::with(config, false);
        bench.call("1001", vec![call(5, Direction::Recipient, Progress::Confirmed)]);
        for (watcher, all) in [("1002", false), ("1001", true)] {
            bench.watch(watcher, "1001", "dialog");
            let text = bench.heard().text();
            assert!(text.contains("confirmed") && text.contains("recipient"), "{text}");
            assert_eq!(text.contains("call-5") && text.contains("c.invalid"), all || ids, "{text}");
            assert_eq!(text.contains("call-5") || text.contains("remote-tag"), all || ids, "{text}");
            assert_eq!(text.contains("1003") && text.contains("Carol"), all || parties, "{text}");
            assert_eq!(text.contains("1003") || text.contains("Carol"), all || parties, "{text}");
        }
    }
}

/// After a failure the whole truth is told, with a new version.
#[test]
fn a_watcher_who_missed_a_document_knows_the_truth_again() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "dialog");
        bench.hear_all();
        bench.pass(1000);
        bench.call("1001", vec![call(1, Direction::Initiator, Progress::Confirmed)]);
        let missed = bench.one();
        bench.respond(&missed, 500);
        bench.call("1001", vec![call(2, Direction::Initiator, Progress::Confirmed)]);
        bench.pass(2000);
        let mut table = DialogTable::new();
        let info = DialogInfo::parse(&bench.heard().request.body).unwrap();
        assert_eq!(info.version, Some(2));
        table.merge(info);
        let calls: Vec<_> = table.dialogs().iter().map(|dialog| dialog.call_id.as_deref().unwrap()).collect();
        assert_eq!(calls, ["call-2"]);
    }
}

#[test]
fn a_mailbox() {
    for mut bench in benches() {
        bench.watch("1001", "1001", "message-summary");
        for (new, old) in [(0, 0), (2, 1), (0, 3)] {
            bench.mailbox("1001", new, old);
            bench.pass(1000);
            let summary = MessageSummary::parse(&bench.hear_all().pop().unwrap().request.body).unwrap();
            assert_eq!(
                (summary.waiting, summary.account.as_ref().map(|text| text.as_str())),
                (new > 0, Some("sip:1001@tabphone"))
            );
            let count = summary.count(&MessageClass::Text).unwrap();
            assert_eq!((count.new, count.old), (new, old));
        }
    }
}

/// The contacts of a registration in the NOTIFY that is under way.
#[track_caller]
fn contacts(bench: &mut Bench, state: RegistrationState) -> Vec<RegisteredContact> {
    let info = RegInfo::parse(&bench.heard().request.body).unwrap();
    let registration = info.registrations.into_iter().next().unwrap();
    assert_eq!((registration.aor.as_str(), registration.state), ("sip:1001@tabphone", Some(state)));
    bench.pass(1000);
    registration.contacts
}

/// RFC 3680 4.7
#[test]
fn a_registration() {
    for mut bench in benches() {
        bench.watch("1001", "1001", "reg");
        assert_eq!(contacts(&mut bench, RegistrationState::Init), []);
        bench.register("1001", "desk", 1, 3600);
        let [desk] = contacts(&mut bench, RegistrationState::Active).try_into().unwrap();
        assert_eq!((desk.state, desk.event), (Some(ContactState::Active), Some(ContactEvent::Registered)));
        assert_eq!((desk.expires, desk.cseq), (Some(3600), Some(1)));
        assert_eq!(desk.call_id.as_deref(), Some("registration-of-1001-desk"));
        assert_eq!(desk.pub_gruu.as_deref(), Some("sip:1001@tabphone;gr=urn:uuid:desk"));
        assert_eq!(desk.uri.unwrap().parse::<Uri>().unwrap().host().unwrap().to_string(), "desk.invalid");
        assert_eq!(desk.unknown_params, [("+sip.instance".to_string(), "\"<urn:uuid:desk>\"".to_string())]);
        bench.register("1001", "desk", 2, 120);
        let [desk] = contacts(&mut bench, RegistrationState::Active).try_into().unwrap();
        assert_eq!((desk.event, desk.expires, desk.cseq), (Some(ContactEvent::Refreshed), Some(120), Some(2)));
        bench.register("1001", "page", 1, 3600);
        let events: Vec<_> =
            contacts(&mut bench, RegistrationState::Active).iter().map(|contact| contact.event.unwrap()).collect();
        assert_eq!(events, [ContactEvent::Refreshed, ContactEvent::Registered]);
        bench.register("1001", "page", 2, 0);
        let [desk, page] = contacts(&mut bench, RegistrationState::Active).try_into().unwrap();
        assert_eq!((desk.state, desk.expires), (Some(ContactState::Active), Some(118)));
        assert_eq!((page.state, page.event), (Some(ContactState::Terminated), Some(ContactEvent::Unregistered)));
        bench.pass(117_000);
        let [desk] = contacts(&mut bench, RegistrationState::Terminated).try_into().unwrap();
        assert_eq!((desk.state, desk.event), (Some(ContactState::Terminated), Some(ContactEvent::Expired)));
    }
}

/// What is over is remembered for watchers alone, and not all of it.
#[test]
fn what_is_over_is_not_kept_for_nobody() {
    for mut bench in benches() {
        bench.call("1001", vec![call(1, Direction::Initiator, Progress::Confirmed)]);
        bench.call("1001", vec![]);
        assert_eq!(bench.notifier.known(), 0);
        bench.watch("1002", "1001", "dialog");
        bench.hear_all();
        for id in 0..100 {
            bench.call("1001", vec![call(id, Direction::Initiator, Progress::Confirmed)]);
        }
        bench.call("1001", vec![]);
        let notify = bench.hear_all();
        assert!(notify.iter().all(|notify| notify.request.body.len() < 16_000));
        assert_eq!(bench.notifier.known(), 1);
        bench.pass(600_000);
        let last = bench.take().pop().unwrap();
        bench.respond_with(&last, None::<Response>);
        assert_eq!((bench.notifier.subscriptions(), bench.notifier.known()), (0, 0));
    }
}

/// A phone with two flows (RFC 5626) is two contacts of one phone, and one tuple.
#[test]
fn a_phone_with_two_flows() {
    for mut bench in benches() {
        bench.watch("1001", "1001", "reg");
        bench.hear_all();
        bench.register_flow("1001", "desk", 1, 3600, 1);
        bench.register_flow("1001", "desk", 2, 3600, 2);
        bench.pass(1000);
        let info = RegInfo::parse(&bench.hear_all().pop().unwrap().request.body).unwrap();
        let contacts = &info.registrations[0].contacts;
        assert_eq!(contacts.len(), 2);
        assert_ne!(contacts[0].id, contacts[1].id);
        bench.watch("1002", "1001", "presence");
        assert_eq!(bench.heard().presence().tuples.len(), 1);
    }
}

/// What the exchange took away is said to be so.
#[test]
fn a_phone_that_is_unbound() {
    for mut bench in benches() {
        bench.register("1001", "desk", 1, 3600);
        bench.watch("1001", "1001", "reg");
        bench.hear_all();
        bench.pass(1000);
        bench.unbind("1001", "desk");
        let [desk] = contacts(&mut bench, RegistrationState::Terminated).try_into().unwrap();
        assert_eq!((desk.event, desk.expires), (Some(ContactEvent::Deactivated), None));
    }
}

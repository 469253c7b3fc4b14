use sip::body::reginfo::{ContactEvent, ContactState, RegInfo, RegistrationState, RegistrationTable};
use sip::body::{Merge, Notice, Permille};

const RFC: &[u8] = include_bytes!("reginfo-rfc3680.xml");
const KAMAILIO: &[u8] = include_bytes!("reginfo-kamailio.xml");

#[test]
fn the_examples_of_the_rfcs_are_read() {
    let info = RegInfo::parse(RFC).expect("it is well-formed");
    assert_eq!((info.version, info.notice), (Some(1), Notice::Partial));
    let [registration] = info.registrations.as_slice() else { panic!("{info:?}") };
    assert_eq!((registration.aor.as_str(), registration.id.as_str()), ("sip:joe@example.com", "a7"));
    assert_eq!(registration.state, Some(RegistrationState::Active));
    let [bound, refused] = registration.contacts.as_slice() else { panic!("{registration:?}") };
    assert_eq!((bound.state, bound.event), (Some(ContactState::Active), Some(ContactEvent::Registered)));
    assert_eq!((bound.duration_registered, bound.expires, bound.cseq), (Some(7322), Some(3278), Some(17)));
    assert_eq!((bound.q, bound.call_id.as_deref()), (Some(Permille::new(800)), Some("1j9FpLxk3uxtm8tn@192.0.2.1")));
    assert_eq!((bound.uri.as_deref(), bound.display_name.as_deref()), (Some("sip:joe@pc887.example.com"), Some("Joe")));
    let instance = "\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";
    assert_eq!(bound.unknown_params, [("+sip.instance".into(), instance.into())]);
    assert_eq!(bound.pub_gruu.as_deref(), Some("sip:joe@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
    assert_eq!(bound.temp_gruu.as_ref().map(|(_, first_cseq)| *first_cseq), Some(54301));
    assert_eq!((refused.state, refused.event), (Some(ContactState::Terminated), Some(ContactEvent::Rejected)));
    assert_eq!(RegInfo::parse(info.compose().as_bytes()).as_ref(), Ok(&info));
}

#[test]
fn kamailio_is_understood() {
    let info = RegInfo::parse(KAMAILIO).expect("it is well-formed");
    let contact = &info.registrations[0].contacts[0];
    assert_eq!((contact.expires, contact.cseq, contact.q), (Some(3600), None, None));
    assert_eq!(contact.unknown_params[0], ("+g.3gpp.smsip".into(), String::new()));
}

#[test]
fn contacts_that_are_over_leave_the_table() {
    let mut table = RegistrationTable::new();
    let full = "<reginfo version='0' state='full'><registration aor='sip:joe@example.com' id='a7' state='active'>\
        <contact id='76' state='active' event='registered'><uri>sip:a</uri></contact>\
        <contact id='77' state='active' event='registered'><uri>sip:b</uri></contact></registration></reginfo>";
    assert_eq!(table.merge(RegInfo::parse(full.as_bytes()).unwrap()), Merge::Applied);
    assert_eq!(table.merge(RegInfo::parse(RFC).unwrap()), Merge::Applied);
    let contacts = &table.registrations()[0].contacts;
    let bound: Vec<_> = contacts.iter().map(|contact| (contact.id.as_str(), contact.uri.as_deref())).collect();
    assert_eq!(bound, [("76", Some("sip:joe@pc887.example.com"))]);
    let over = "<reginfo version='2' state='partial'>\
        <registration aor='sip:joe@example.com' id='a7' state='terminated'>\
        <contact id='76' state='terminated' event='deactivated'><uri>sip:a</uri></contact></registration></reginfo>";
    assert_eq!(table.merge(RegInfo::parse(over.as_bytes()).unwrap()), Merge::Applied);
    assert_eq!(table.registrations(), []);
    assert_eq!(table.merge(RegInfo::parse(RFC).unwrap()), Merge::Stale);
    assert_eq!(table.version(), Some(2));
}

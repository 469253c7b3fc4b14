use sip::body::pidf::{Activity, Availability, Basic, Person, Presence, Tuple};
use sip::body::{BodyErrorKind, Permille};

macro_rules! dialect {
    ($file:literal) => {
        Presence::parse(include_bytes!(concat!($file, ".xml"))).expect($file)
    };
}

/// What is shown beside a contact's name: the state, and the words.
fn shown(presence: &Presence) -> (Availability, Option<&str>) {
    (presence.state(), presence.note())
}

#[test]
fn chan_sip_is_understood() {
    let in_use = dialect!("chan-sip-in-use");
    assert_eq!(shown(&in_use), (Availability::OnThePhone, Some("On the phone")));
    assert_eq!(in_use.entity.as_deref(), Some("sip:alice@192.0.2.1"));
    assert_eq!(in_use.person.activities, [Activity::Busy]);
    let [tuple] = in_use.tuples.as_slice() else { panic!("{in_use:?}") };
    assert_eq!((tuple.id.as_deref(), tuple.basic), (Some("6001"), Some(Basic::Open)));
    assert_eq!(tuple.contact.as_deref(), Some("sip:6001@192.0.2.1"));
    assert_eq!(tuple.priority, Some(Permille::new(1000)));
    assert_eq!(shown(&dialect!("chan-sip-ready")), (Availability::Available, Some("Ready")));
    assert_eq!(shown(&dialect!("chan-sip-ringing")), (Availability::Busy, Some("Ringing")));
    assert_eq!(shown(&dialect!("chan-sip-unavailable")), (Availability::Offline, Some("Unavailable")));
}

#[test]
fn namespaces_and_ampersands_may_be_wrong() {
    let presence = dialect!("chan-sip-undeclared");
    assert_eq!(shown(&presence), (Availability::OnThePhone, Some("On hold")));
    assert_eq!(presence.entity, None);
    assert_eq!(presence.tuples[0].contact.as_deref(), Some("sip:6001@192.0.2.1;a=1&b=2"));
}

#[test]
fn chan_pjsip_is_understood() {
    assert_eq!(shown(&dialect!("chan-pjsip-ready")), (Availability::Available, Some("Ready")));
    let in_use = (Availability::OnThePhone, Some("On the phone"));
    assert_eq!(shown(&dialect!("chan-pjsip-in-use")), in_use);
    assert_eq!(shown(&dialect!("chan-pjsip-plain-in-use")), in_use);
    assert_eq!(shown(&dialect!("chan-pjsip-unavailable")), (Availability::Offline, Some("Unavailable")));
}

#[test]
fn what_digium_phones_are_told_is_understood() {
    assert_eq!(shown(&dialect!("digium-dnd")), (Availability::DoNotDisturb, Some("Writing <the> report")));
    assert_eq!(shown(&dialect!("digium-away")), (Availability::Away, Some("lunch")));
    let on_a_call = include_str!("digium-away.xml").replace("Ready", "On the phone").replace(">open<", ">closed<");
    let on_a_call = Presence::parse(on_a_call.as_bytes()).expect("it is well-formed");
    assert_eq!(on_a_call.state(), Availability::OnThePhone);
}

#[test]
fn freeswitch_is_understood() {
    assert_eq!(shown(&dialect!("freeswitch-talk")), (Availability::OnThePhone, Some("Talk 07766088671")));
    assert_eq!(shown(&dialect!("freeswitch-available")), (Availability::Available, Some("Available")));
    assert_eq!(shown(&dialect!("freeswitch-dnd")), (Availability::DoNotDisturb, Some("Do Not Disturb")));
    assert_eq!(shown(&dialect!("freeswitch-unregistered")), (Availability::Offline, Some("Unregistered")));
    assert_eq!(shown(&dialect!("freeswitch-xpidf")), (Availability::OnThePhone, Some("On the phone")));
}

#[test]
fn xpidf_is_understood() {
    let in_use = dialect!("asterisk-xpidf-in-use");
    assert_eq!(shown(&in_use), (Availability::OnThePhone, None));
    assert_eq!(in_use.entity.as_deref(), Some("sip:alice@192.0.2.1"));
    let tuple = Tuple {
        id: Some("6001".into()),
        basic: Some(Basic::Open),
        contact: Some("sip:6001@192.0.2.1;user=ip".into()),
        priority: Some(Permille::new(800)),
        ..Tuple::default()
    };
    assert_eq!(in_use.tuples, [tuple]);
    assert_eq!(dialect!("asterisk-xpidf-online").state(), Availability::Available);
    assert_eq!(dialect!("asterisk-xpidf-offline").state(), Availability::Offline);
}

#[test]
fn opensips_is_understood() {
    assert_eq!(shown(&dialect!("opensips-mixed")), (Availability::OnThePhone, Some("On the phone")));
    assert_eq!(shown(&dialect!("opensips-offline")), (Availability::Offline, None));
}

#[test]
fn cisco_is_understood() {
    let presence = dialect!("cisco-dnd");
    assert_eq!(shown(&presence), (Availability::DoNotDisturb, None));
    assert_eq!(presence.person.activities, [Activity::OnThePhone, Activity::DoNotDisturb]);
    assert_eq!(presence.tuples[0].timestamp.as_deref(), Some("2021-05-18T11:05:11Z"));
    assert_eq!(dialect!("cisco-alerting").state(), Availability::Busy);
}

#[test]
fn activities_of_tuples_and_of_drafts_are_the_persons() {
    assert_eq!(dialect!("sipnetic-published").state(), Availability::Away);
    assert_eq!(dialect!("draft-activity").state(), Availability::OnThePhone);
}

#[test]
fn the_example_of_the_rfc_is_read() {
    let presence = dialect!("rfc4480");
    assert_eq!(presence.entity.as_deref(), Some("pres:someone@example.com"));
    assert_eq!(presence.tuples.len(), 2);
    assert_eq!(presence.tuples[0].priority, Some(Permille::new(800)));
    assert_eq!(presence.tuples[0].notes.len(), 2);
    assert_eq!(presence.notes, ["I'll be in Tokyo next week"]);
    let person = Person {
        activities: vec![Activity::Away, Activity::Other("meditating".into())],
        place_type: Some("residence".into()),
        notes: vec!["Far away".into(), "Scoring 120".into()],
        timestamp: Some("2005-05-30T16:09:44+05:00".into()),
    };
    assert_eq!(presence.person, person);
    assert_eq!(shown(&presence), (Availability::Away, Some("Far away")));
    let again = Presence::parse(presence.compose().as_bytes());
    assert_eq!(again.as_ref(), Ok(&presence));
}

#[test]
fn what_is_not_said_is_not_offline() {
    let state = |inner: &str| Presence::parse(format!("<presence>{inner}</presence>").as_bytes()).map(|p| p.state());
    assert_eq!(state(""), Ok(Availability::Unknown));
    assert_eq!(state("<tuple id='a'><status/></tuple>"), Ok(Availability::Unknown));
    assert_eq!(state("<tuple id='a'><status><basic>perhaps</basic></status></tuple>"), Ok(Availability::Unknown));
    assert_eq!(state("<person><activities><juggling/></activities></person>"), Ok(Availability::Unknown));
    assert_eq!(Presence::default().state(), Availability::Unknown, "as after a NOTIFY without a body");
    assert!(Presence::parse(b"").is_err());
    let one_open =
        "<tuple><status><basic>closed</basic></status></tuple><tuple><status><basic>OPEN</basic></status></tuple>";
    assert_eq!(state(one_open), Ok(Availability::Available));
    let no_contact = Presence::parse(b"<presence><tuple><contact priority='1'/></tuple></presence>");
    assert_eq!(no_contact.map(|presence| presence.tuples), Ok(vec![Tuple::default()]), "a priority of nothing");
    let meeting = |basic| {
        format!(
            "<tuple><status><basic>{basic}</basic></status></tuple><person><activities><meeting/></activities></person>"
        )
    };
    assert_eq!(state(&meeting("open")), Ok(Availability::Busy));
    assert_eq!(state(&meeting("closed")), Ok(Availability::Offline));
}

#[test]
fn the_most_preferred_note_is_shown() {
    let tuple = |note: &str, priority| Tuple {
        notes: vec![note.into()],
        priority: Some(Permille::new(priority)),
        ..Tuple::default()
    };
    let mut presence = Presence { tuples: vec![tuple("desk", 300), tuple("mobile", 900)], ..Presence::default() };
    assert_eq!(presence.note(), Some("mobile"));
    presence.notes.push("all".into());
    assert_eq!(presence.note(), Some("all"));
    presence.person.notes.push("me".into());
    assert_eq!(presence.note(), Some("me"));
}

#[test]
fn what_is_published_is_what_phones_read() {
    let presence = Presence {
        entity: Some("sip:1001@example.com".into()),
        tuples: vec![Tuple { id: Some("t0".into()), basic: Some(Basic::Open), ..Tuple::default() }],
        person: Person { activities: vec![Activity::OnThePhone], notes: vec!["<&\">".into()], ..Person::default() },
        notes: vec![],
    };
    insta::assert_snapshot!(presence.compose());
}

#[test]
fn priorities_are_read_as_they_are_written() {
    for (text, thousandths) in
        [("1", 1000), ("1.0", 1000), ("0.8", 800), ("0,800000", 800), ("0.123456", 123), ("0", 0), ("7", 1000)]
    {
        assert_eq!(text.parse(), Ok(Permille::new(thousandths)), "{text}");
    }
    for text in ["", ".5", "-1", "1.x", "0.5.5", "½"] {
        assert!(text.parse::<Permille>().is_err(), "{text}");
    }
    assert_eq!(
        [0, 5, 120, 1000].map(|thousandths| Permille::new(thousandths).to_string()),
        ["0", "0.005", "0.12", "1"]
    );
}

#[test]
fn another_document_is_told() {
    let error = Presence::parse(b"\n<dialog-info/>").expect_err("it is no presence document");
    assert_eq!((error.kind, error.offset, error.line), (BodyErrorKind::Root, 1, 2));
    assert_eq!(error.to_string(), "the document is of another kind at byte 1, line 2");
}

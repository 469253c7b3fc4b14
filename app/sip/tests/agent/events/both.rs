//! What one phone says of itself, another one is told: presence as RFC 3856, calls as RFC 4235, from phone to phone.

use super::{ALICE, BOB, Net, net, uri};
use sip::Duration;
use sip::agent::{Body, Notice, Package};
use sip::body::dialog_info::DialogInfo;
use sip::body::pidf::{Availability, Presence};

fn told(net: &Net) -> &str {
    let line = net.phone(ALICE).noticed.last().expect("she was told something");
    line.split_once('"').and_then(|(_, text)| text.strip_suffix('"')).unwrap_or_default()
}

/// Alice subscribes, and Bob accepts with this body.
fn watch(package: Package, body: Body) -> Net {
    let mut net = net();
    net.phone_mut(BOB).configure(|config| config.packages = vec![Package::Presence, Package::Dialog]);
    net.start(ALICE);
    net.start(BOB);
    let expires = Duration::from_secs(600);
    net.on(ALICE, "subscribes", |agent, now| agent.subscribe(uri("sip:bob@example.com"), package, expires, now))
        .unwrap();
    net.settle();
    let id = net.phone(BOB).asked_for[0];
    net.on(BOB, "accepts", |agent, now| agent.accept_subscription(id, body, now)).unwrap();
    net.settle();
    net
}

#[test]
fn presence() {
    let open = "<presence entity=\"sip:bob@example.com\"><tuple id=\"t\"><status><basic>open</basic></status></tuple></presence>";
    let composed = Presence::parse(open.as_bytes()).unwrap().compose();
    let body = Body { content_type: Presence::MEDIA_TYPE.into(), bytes: composed.into() };
    let net = watch(Package::Presence, body);
    let body = Body { content_type: Presence::MEDIA_TYPE.into(), bytes: told(&net).into() };
    let Ok(Notice::Presence(presence)) = Notice::read(&body) else { panic!("it is presence: {}", net.ladder()) };
    assert_eq!(presence.state(), Availability::Available);
}

#[test]
fn calls() {
    let busy = "<dialog-info version=\"0\" state=\"full\" entity=\"sip:bob@example.com\"><dialog id=\"d\"><state>confirmed</state></dialog></dialog-info>";
    let composed = DialogInfo::parse(busy.as_bytes()).unwrap().compose();
    let body = Body { content_type: DialogInfo::MEDIA_TYPE.into(), bytes: composed.into() };
    let net = watch(Package::Dialog, body);
    let body = Body { content_type: DialogInfo::MEDIA_TYPE.into(), bytes: told(&net).into() };
    let Ok(Notice::Dialogs(info)) = Notice::read(&body) else { panic!("these are dialogs: {}", net.ladder()) };
    assert_eq!(info.dialogs.len(), 1);
}

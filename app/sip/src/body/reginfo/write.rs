use alloc::string::String;

use super::super::xml::Writer;
use super::{ContactEvent, ContactState, RegInfo, RegisteredContact, RegistrationState};

pub(super) fn reg_info(info: &RegInfo) -> String {
    let contacts = || info.registrations.iter().flat_map(|registration| &registration.contacts);
    let mut xml = Writer::new();
    xml.open("reginfo").attribute("xmlns", "urn:ietf:params:xml:ns:reginfo");
    if contacts().any(|contact| contact.pub_gruu.is_some() || contact.temp_gruu.is_some()) {
        xml.attribute("xmlns:gr", "urn:ietf:params:xml:ns:gruuinfo");
    }
    xml.maybe("version", info.version).attribute("state", info.notice.as_str());
    for registration in &info.registrations {
        xml.open("registration").attribute("aor", &registration.aor).attribute("id", &registration.id);
        xml.maybe("state", registration.state.map(RegistrationState::as_str));
        for contact in &registration.contacts {
            write_contact(&mut xml, contact);
        }
        xml.close();
    }
    xml.finish()
}

/// The elements stand in the order of the schema.
fn write_contact(xml: &mut Writer, contact: &RegisteredContact) {
    xml.open("contact").attribute("id", &contact.id);
    xml.maybe("state", contact.state.map(ContactState::as_str));
    xml.maybe("event", contact.event.map(ContactEvent::as_str));
    xml.maybe("duration-registered", contact.duration_registered);
    xml.maybe("expires", contact.expires);
    xml.maybe("retry-after", contact.retry_after);
    xml.maybe("q", contact.q);
    xml.maybe("callid", contact.call_id.as_ref());
    xml.maybe("cseq", contact.cseq);
    if let Some(uri) = &contact.uri {
        xml.leaf("uri", uri);
    }
    if let Some(name) = &contact.display_name {
        xml.leaf("display-name", name);
    }
    for (name, value) in &contact.unknown_params {
        xml.open("unknown-param").attribute("name", name).text(value).close();
    }
    if let Some(uri) = &contact.pub_gruu {
        xml.open("gr:pub-gruu").attribute("uri", uri).close();
    }
    if let Some((uri, first_cseq)) = &contact.temp_gruu {
        xml.open("gr:temp-gruu").attribute("uri", uri).attribute("first-cseq", first_cseq).close();
    }
    xml.close();
}

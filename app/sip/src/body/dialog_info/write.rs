use alloc::string::String;

use super::super::xml::Writer;
use super::{Dialog, DialogEvent, DialogInfo, DialogState, Direction, Participant};
use crate::message::Status;

pub(super) fn dialog_info(info: &DialogInfo) -> String {
    let mut xml = Writer::new();
    xml.open("dialog-info").attribute("xmlns", "urn:ietf:params:xml:ns:dialog-info");
    xml.maybe("version", info.version).attribute("state", info.notice.as_str());
    xml.maybe("entity", info.entity.as_ref());
    for dialog in &info.dialogs {
        write_dialog(&mut xml, dialog);
    }
    xml.finish()
}

fn write_dialog(xml: &mut Writer, dialog: &Dialog) {
    xml.open("dialog").attribute("id", &dialog.id);
    xml.maybe("call-id", dialog.call_id.as_ref());
    xml.maybe("local-tag", dialog.local_tag.as_ref());
    xml.maybe("remote-tag", dialog.remote_tag.as_ref());
    xml.maybe("direction", dialog.direction.map(Direction::as_str));
    if dialog.state.is_some() || dialog.event.is_some() || dialog.code.is_some() {
        xml.open("state").maybe("event", dialog.event.map(DialogEvent::as_str));
        xml.maybe("code", dialog.code.map(Status::code));
        xml.text(dialog.state.map_or("", DialogState::as_str)).close();
    }
    if let Some(duration) = dialog.duration {
        xml.leaf("duration", &alloc::format!("{duration}"));
    }
    write_participant(xml, "local", &dialog.local);
    write_participant(xml, "remote", &dialog.remote);
    xml.close();
}

fn write_participant(xml: &mut Writer, name: &'static str, participant: &Participant) {
    if *participant == Participant::default() {
        return;
    }
    xml.open(name);
    if participant.identity.is_some() || participant.display.is_some() {
        xml.open("identity").maybe("display", participant.display.as_ref());
        xml.text(participant.identity.as_deref().unwrap_or_default()).close();
    }
    if participant.target.is_some() || participant.rendering.is_some() {
        xml.open("target").maybe("uri", participant.target.as_ref());
        if let Some(rendering) = participant.rendering {
            let value = if rendering { "yes" } else { "no" };
            xml.open("param").attribute("pname", "+sip.rendering").attribute("pval", value).close();
        }
        xml.close();
    }
    xml.close();
}

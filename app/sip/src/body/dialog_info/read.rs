use alloc::string::String;

use super::super::xml::{Element, Source};
use super::super::{BodyError, BodyErrorKind, Notice, limits};
use super::{Dialog, DialogEvent, DialogInfo, DialogState, Direction, Participant};

pub(super) fn dialog_info(body: &[u8]) -> Result<DialogInfo, BodyError> {
    let source = Source::new(body)?;
    let root = source.root("dialog-info", None)?;
    let mut info = DialogInfo {
        version: root.attribute("version").and_then(|version| version.parse().ok()),
        notice: Notice::from_attribute(root.attribute("state")),
        entity: owned(root.attribute("entity")),
        dialogs: alloc::vec::Vec::new(),
    };
    for element in root.all("dialog") {
        if info.dialogs.len() >= limits::DIALOGS {
            return Err(source.error(BodyErrorKind::TooMany, element.offset));
        }
        info.dialogs.push(dialog(element));
    }
    Ok(info)
}

fn dialog(element: &Element) -> Dialog {
    let state = element.child("state");
    let said = |name| state.and_then(|state| state.attribute(name));
    Dialog {
        id: owned(element.attribute("id")).unwrap_or_default(),
        call_id: owned(element.attribute("call-id")),
        local_tag: owned(element.attribute("local-tag")),
        remote_tag: owned(element.attribute("remote-tag")),
        direction: element.attribute("direction").and_then(Direction::from_word),
        state: state.and_then(Element::text).and_then(DialogState::from_word),
        event: said("event").and_then(DialogEvent::from_word),
        code: said("code").and_then(|code| code.parse().ok()),
        duration: element.child_text("duration").and_then(|duration| duration.parse().ok()),
        local: element.child("local").map(participant).unwrap_or_default(),
        remote: element.child("remote").map(participant).unwrap_or_default(),
    }
}

fn participant(element: &Element) -> Participant {
    let identity = element.child("identity");
    let target = element.child("target");
    Participant {
        identity: owned(identity.and_then(Element::text)),
        display: owned(identity.and_then(|identity| identity.attribute("display"))),
        target: owned(target.and_then(|target| target.attribute("uri"))),
        rendering: target.and_then(rendering),
    }
}

/// `<param pname="+sip.rendering" pval="no"/>`; FreeSWITCH writes `pvalue`.
fn rendering(target: &Element) -> Option<bool> {
    let is_rendering = |param: &&Element| {
        let name = param.attribute("pname");
        name.is_some_and(|name| name.trim_start_matches('+').eq_ignore_ascii_case("sip.rendering"))
    };
    let param = target.all("param").find(is_rendering)?;
    match param.attribute("pval").or_else(|| param.attribute("pvalue"))? {
        "yes" => Some(true),
        "no" => Some(false),
        // `unknown` is a value too.
        _ => None,
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(String::from)
}

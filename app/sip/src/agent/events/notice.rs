use crate::agent::Body;
use crate::body::BodyError;
use crate::body::dialog_info::DialogInfo;
use crate::body::message_summary::MessageSummary;
use crate::body::pidf::Presence;
use crate::body::reginfo::RegInfo;
use crate::header::ContentType;

/// What a NOTIFY says, read. Partial documents are merged by the tables beside each type in [`crate::body`]; when
/// one finds a gap, [`crate::agent::Agent::renew`] asks for everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Who is there.
    Presence(Presence),
    /// Their calls.
    Dialogs(DialogInfo),
    /// Their mailbox.
    Messages(MessageSummary),
    /// What is registered.
    Registrations(RegInfo),
    /// A type that is not read here.
    Other,
}

impl Notice {
    /// Reads a body by its type.
    ///
    /// # Errors
    /// It is malformed, or larger than [`crate::body::limits`].
    pub fn read(body: &Body) -> Result<Self, BodyError> {
        let Ok(media_type) = body.content_type.parse::<ContentType>() else { return Ok(Self::Other) };
        let bytes = &body.bytes;
        Ok(if media_type.is(Presence::MEDIA_TYPE) || media_type.is(Presence::XPIDF) {
            Self::Presence(Presence::parse(bytes)?)
        } else if media_type.is(DialogInfo::MEDIA_TYPE) {
            Self::Dialogs(DialogInfo::parse(bytes)?)
        } else if media_type.is(MessageSummary::MEDIA_TYPE) {
            Self::Messages(MessageSummary::parse(bytes)?)
        } else if media_type.is(RegInfo::MEDIA_TYPE) {
            Self::Registrations(RegInfo::parse(bytes)?)
        } else {
            Self::Other
        })
    }
}

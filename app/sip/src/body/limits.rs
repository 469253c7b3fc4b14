//! How large a body may be. What is larger is refused.

/// Bytes of a body.
pub const BODY: usize = crate::message::limits::MESSAGE;
/// Elements of an XML document.
pub const ELEMENTS: usize = 2048;
/// How deep elements may be nested.
pub const DEPTH: usize = 32;
/// Attributes of one element.
pub const ATTRIBUTES: usize = 32;
/// Tuples of a presence document.
pub const TUPLES: usize = 64;
/// Activities of a person.
pub const ACTIVITIES: usize = 32;
/// Notes in one place of a presence document.
pub const NOTES: usize = 32;
/// Dialogs of a dialog-info document, and of a [`super::dialog_info::DialogTable`].
pub const DIALOGS: usize = 256;
/// Registrations of a reginfo document, and of a [`super::reginfo::RegistrationTable`].
pub const REGISTRATIONS: usize = 128;
/// Contacts of one registration.
pub const CONTACTS: usize = 128;
/// Unknown parameters of one contact.
pub const PARAMS: usize = 64;
/// Lines of counts in a message summary.
pub const COUNTS: usize = 32;
/// Parts of one multipart body.
pub const PARTS: usize = 32;
/// How deep multipart bodies may be nested.
pub const MULTIPART_DEPTH: usize = 4;
/// Bytes of a boundary (RFC 2046 5.1.1).
pub const BOUNDARY: usize = 70;

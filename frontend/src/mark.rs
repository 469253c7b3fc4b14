//! Marks on the browser's performance timeline, for measuring.

/// The page answers clicks.
pub(crate) const HYDRATED: &str = "tabphone:hydrated";
/// The phone is registered.
pub(crate) const READY: &str = "tabphone:ready";
/// A person asked for a call.
pub(crate) const DIAL: &str = "tabphone:dial";
/// An INVITE goes onto the socket.
pub(crate) const INVITE: &str = "tabphone:invite";
/// A person accepted a call.
pub(crate) const ANSWER: &str = "tabphone:answer";
/// A call's media is connected.
pub(crate) const CONNECTED: &str = "tabphone:connected";

/// Sets a mark at this moment.
pub(crate) fn set(name: &str) {
    if let Some(performance) = web_sys::window().and_then(|window| window.performance()) {
        let _ = performance.mark(name);
    }
}

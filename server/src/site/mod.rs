//! The site: the phone page, static files, and the headers of every response.

mod embedded;
mod files;
mod headers;
mod phone;
mod reports;

pub use files::Files;
pub use headers::guard;

use crate::ports::{Behind, SessionLife, Sessions, Shared};
use app::backend::Backend;
use axum::Router;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// What pages show.
    pub backend: Shared<dyn Backend>,
    /// What stands behind the phone on its page.
    pub messages: Shared<dyn Behind>,
    /// The built site.
    pub site: Files,
}

/// The pages and the static files.
pub fn router(room: Room) -> Router {
    let files = files::service(&room.site, phone::not_found());
    phone::router(room).merge(reports::router()).fallback_service(files)
}

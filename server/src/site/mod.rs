//! The site: the phone page, static files, and the headers of every response.

mod files;
mod headers;
mod phone;
mod reports;

pub use headers::guard;

use crate::ports::{SessionLife, Sessions, Shared};
use app::backend::Backend;
use axum::Router;
use std::path::PathBuf;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// What pages show.
    pub backend: Shared<dyn Backend>,
    /// Where the built site lies: `pkg/`, `style.css` and the assets.
    pub site: PathBuf,
}

/// The pages and the static files.
pub fn router(room: Room) -> Router {
    let files = files::service(&room.site, phone::not_found(&room.site));
    phone::router(room).merge(reports::router()).fallback_service(files)
}

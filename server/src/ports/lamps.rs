//! What people see of their colleagues.

use super::{AccountId, Home, LineEvents};
use app::phone::{Presence, Status};
use tokio::sync::broadcast;

/// What a PBX tells of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lamp {
    /// What they do.
    pub status: Status,
    /// Their words on it; empty for none.
    pub note: String,
}

/// What PBXs tell their phones of colleagues; implemented by `bridge`.
pub trait Lamps: Send + Sync + 'static {
    /// What this account was told of the colleague with this extension; unknown if that is nothing.
    fn lamp(&self, account: AccountId, extension: &str) -> Lamp;
    /// Fires with whom something else is told of this extension.
    fn changes(&self) -> broadcast::Receiver<(AccountId, String)>;
}

/// What this account, which is at home there, sees of a colleague: what the exchange knows, or what the PBX tells.
pub fn presence(
    (events, lamps): (&dyn LineEvents, &dyn Lamps),
    (account, home): (AccountId, &Home),
    extension: String,
) -> Presence {
    let Lamp { status, note } = match home.pbx {
        Some(_) => lamps.lamp(account, &extension),
        None => Lamp { status: events.status(&extension), note: events.note(&extension) },
    };
    let picks = status == Status::Ringing && !home.pick_up.is_empty();
    let pick_up = if picks { [&*home.pick_up, &extension].concat() } else { String::new() };
    Presence { extension, status, note, pick_up }
}

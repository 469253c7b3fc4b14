//! Tells the desk who is not to be disturbed: settings, codes and the command line change it at any time.

use super::mail::Order;
use crate::ports::{Routes, Shared};
use crate::stop::Stop;
use std::collections::BTreeSet;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

/// Passes changes on until the server stops. `told`: who the desk takes for quiet. What was missed because there was too
/// much of it is read anew.
pub(super) async fn watch(
    routes: Shared<dyn Routes>,
    mut changes: Receiver<(String, bool)>,
    mut told: BTreeSet<String>,
    orders: mpsc::UnboundedSender<Order>,
    mut stop: Stop,
) {
    loop {
        let news = tokio::select! {
            news = changes.recv() => news,
            () = stop.requested() => return,
        };
        let changed = match news {
            Ok((user, on)) => Vec::from([(user, on)]),
            // Storage that does not answer leaves things as they are.
            Err(RecvError::Lagged(_)) => {
                routes.quiet().await.map_or_else(|_| Vec::new(), |now| difference(&told, &now))
            }
            Err(RecvError::Closed) => return,
        };
        for (user, on) in changed {
            let is_news = if on { told.insert(user.clone()) } else { told.remove(&user) };
            if is_news && orders.send(Order::Quiet(user, on)).is_err() {
                return;
            }
        }
    }
}

fn difference(before: &BTreeSet<String>, now: &BTreeSet<String>) -> Vec<(String, bool)> {
    let begun = now.difference(before).map(|user| (user.clone(), true));
    let ended = before.difference(now).map(|user| (user.clone(), false));
    begun.chain(ended).collect()
}

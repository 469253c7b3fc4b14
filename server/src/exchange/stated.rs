//! Tells the desk what people say of themselves.

use super::mail::Order;
use crate::ports::{Routes, Shared, Stated};
use crate::stop::Stop;
use std::collections::BTreeMap;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

/// Tells what everybody says, and then what changes, until the server stops. What was missed because there was too much of it is
/// read anew.
pub(super) async fn watch(
    routes: Shared<dyn Routes>,
    mut changes: Receiver<(String, Stated)>,
    mut told: BTreeMap<String, Stated>,
    orders: mpsc::UnboundedSender<Order>,
    mut stop: Stop,
) {
    let mut news: Vec<(String, Stated)> = told.clone().into_iter().collect();
    loop {
        for (user, stated) in news {
            if orders.send(Order::Stated(user, stated)).is_err() {
                return;
            }
        }
        let change = tokio::select! {
            change = changes.recv() => change,
            () = stop.requested() => return,
        };
        news = match change {
            Ok((user, stated)) => {
                told.insert(user.clone(), stated.clone());
                vec![(user, stated)]
            }
            // Storage that does not answer leaves things as they are.
            Err(RecvError::Lagged(_)) => match routes.stated().await {
                Ok(now) => {
                    let gone = told.keys().filter(|user| !now.contains_key(*user));
                    let gone: Vec<_> = gone.map(|user| (user.clone(), Stated::default())).collect();
                    told.clone_from(&now);
                    now.into_iter().chain(gone).collect()
                }
                Err(_) => Vec::new(),
            },
            Err(RecvError::Closed) => return,
        };
    }
}

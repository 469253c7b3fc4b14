//! Whether those who proved to know a password still would: a phone that signed with one that is not right any more,
//! or for an account that is gone, is not rung any more and has to go.

use super::notices::NOTIFIER;
use super::{Connection, Desk, now};
use crate::exchange::mail::{Order, Outgoing};
use crate::ports::{AccountId, Accounts};
use axum::extract::ws::close_code;
use sip::digest::Ha1s;
use sip::notifier;
use sip::registrar::Flow;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a storage that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

impl Desk {
    /// This account changed, or any may have (`None`): looks up anew who is there.
    pub(super) fn doubt(&self, changed: Option<AccountId>) {
        let proved = self.connections.values().flat_map(|connection| connection.proved.keys().cloned());
        let bound = self.registrar.users().map(|(user, _)| user.to_owned());
        self.look_up_again(proved.chain(bound).collect(), changed);
    }

    /// Looks up those of these users whose account changed or is gone; `None`: all of them.
    pub(super) fn look_up_again(&self, users: BTreeSet<String>, changed: Option<AccountId>) {
        if !users.is_empty() {
            self.look_up(move |accounts| async move { Order::Trust(trust(&*accounts, users, changed).await) });
        }
    }

    /// What each of these users signs with now; `None`: there is no such account, or it is disabled.
    pub(super) fn trust(&mut self, users: Vec<(String, Option<Ha1s>)>) {
        for (user, now_right) in users {
            let wrong = |connection: &Connection| {
                connection.proved.get(&user).is_some_and(|proved| Some(proved) != now_right.as_ref())
            };
            let flows = self.connections.iter().filter(|(_, connection)| wrong(connection)).map(|(flow, _)| *flow);
            let words = if now_right.is_some() { "the password was changed" } else { "the account is gone" };
            for flow in flows.collect::<Vec<_>>() {
                self.dismiss(flow, words);
            }
            if now_right.is_none() {
                self.forget_user(user);
            }
        }
    }

    fn dismiss(&mut self, flow: Flow, words: &'static str) {
        self.registrar.unbind_flow(flow);
        if let Some(connection) = self.connections.get(&flow) {
            // A full queue closes it as well, when the queue is dropped.
            let _ = connection.queue.try_send(Outgoing::Close(close_code::POLICY, words));
        }
        self.close(flow);
    }

    /// Phones that may come back are not waited for, and who watches the user knows.
    fn forget_user(&mut self, user: String) {
        let phones: BTreeSet<_> =
            self.registrar.bindings(&user).iter().filter_map(|binding| binding.instance.clone()).collect();
        for instance in phones {
            self.registrar.unbind(&user, &instance);
        }
        self.notifier.handle(notifier::Input::Removed { user }, now());
        self.storage.changed(NOTIFIER);
    }
}

/// Asks until the storage answers: meanwhile nobody is sent away.
async fn trust(
    accounts: &dyn Accounts,
    users: BTreeSet<String>,
    changed: Option<AccountId>,
) -> Vec<(String, Option<Ha1s>)> {
    let people = loop {
        match accounts.all().await {
            Ok(people) => break people,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    let mut answers = Vec::new();
    for user in users {
        let Some(person) = people.iter().find(|person| person.extension == user) else {
            answers.push((user, None));
            continue;
        };
        // One that is gone meanwhile is a change of its own.
        if changed.is_none_or(|account| account == person.account)
            && let Some(ha1) = accounts.ha1(&user).await
        {
            answers.push((user, Some(ha1.into())));
        }
    }
    answers
}

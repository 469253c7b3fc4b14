//! Who is told what: subscriptions and publications.

use super::{Desk, now, party, seed};
use crate::clock;
use crate::exchange::StartError;
use crate::exchange::mail::Order;
use crate::ports::{Activity, Saved, Stated};
use sip::body::pidf;
use sip::message::{Request, Response};
use sip::notifier::{Answer, Config, Input, Notifier, Output, PACKAGES, Question, Snapshot, Waiting};
use sip::proxy::{self, Domain, Party, QuestionId, SendId};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the notifier's snapshot is called.
pub(super) const NOTIFIER: &str = "notifier";

/// The packages that the notifier answers for.
pub(super) fn packages() -> Vec<String> {
    PACKAGES.map(str::to_owned).to_vec()
}

/// The notifier as it was before a restart, as far as that is known.
pub(super) fn notifier(
    domain: Domain,
    kept: Vec<(String, Saved)>,
    quiet: BTreeSet<String>,
) -> Result<Notifier, StartError> {
    let mut notifier = as_before(domain, kept)?;
    for user in quiet {
        notifier.handle(Input::DoNotDisturb { user, on: true }, now());
    }
    Ok(notifier)
}

fn as_before(domain: Domain, kept: Vec<(String, Saved)>) -> Result<Notifier, StartError> {
    // The page is told what the exchange itself knows.
    let config = Config { unwatched: false, ..Config::new(domain) };
    let saved = kept.into_iter().find(|(name, _)| name == NOTIFIER);
    let restored = saved.and_then(|(_, Saved { written, bytes })| {
        let away = Duration::from_millis(clock::now().saturating_sub(written));
        let snapshot: Snapshot = serde_json::from_slice(&bytes).ok()?;
        Some((snapshot, away))
    });
    if let Some((snapshot, away)) = restored
        && let Ok(mut notifier) = Notifier::restore(snapshot, config.clone(), away, seed()?, now())
    {
        notifier.recover(now());
        return Ok(notifier);
    }
    Ok(Notifier::new(config, seed()?))
}

impl Desk {
    /// A SUBSCRIBE or PUBLISH for a user.
    pub(super) fn serve(&mut self, id: QuestionId, from: Party, device: String, request: Request) {
        // What is known from before a restart may be older than what is stored.
        let count = self.storage.mailbox.count(&from.user);
        self.count_messages(from.user.clone(), count);
        self.notifier.handle(Input::Received { id, from, device, request }, now());
        self.storage.changed(NOTIFIER);
    }

    /// So many messages wait for a user now.
    pub(super) fn count_messages(&mut self, user: String, count: u32) {
        self.notifier.handle(Input::Mailbox { user, waiting: Waiting { new: count, old: 0 } }, now());
        self.storage.changed(NOTIFIER);
    }

    /// What became of what a service sent.
    pub(super) fn sent(&mut self, id: SendId, response: Option<Response>) {
        if !self.storage.sent(id, response.as_ref()) {
            self.notifier.handle(Input::Sent { id, response }, now());
            self.storage.changed(NOTIFIER);
        }
    }

    /// Somebody is not to be disturbed from now on, or any longer.
    pub(super) fn quiet(&mut self, user: String, on: bool) {
        self.board.undisturb(&user, on);
        self.notifier.handle(Input::DoNotDisturb { user, on }, now());
        self.storage.changed(NOTIFIER);
    }

    /// Somebody says this of themselves from now on: their watchers are told, whatever phones those have.
    pub(super) fn stated(&mut self, user: String, stated: Stated) {
        let activity = match stated.activity {
            Activity::Available => None,
            Activity::Away => Some(pidf::Activity::Away),
            Activity::Busy => Some(pidf::Activity::Busy),
        };
        self.notifier.handle(Input::Stated { user, activity, note: stated.note }, now());
        self.storage.changed(NOTIFIER);
    }

    pub(super) fn notifier_wants(&mut self, output: Output) {
        match output {
            Output::Answer(id, response) => {
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Served(response)), now());
            }
            Output::Send { id, user, device, request } => {
                let device = Some(device);
                self.proxy.handle(proxy::Input::Send { id, user, device, request }, now());
                self.storage.changed(NOTIFIER);
            }
            Output::Ask(id, Question::Account { user }) => self.look_up(move |accounts| async move {
                let found = accounts.by_extension(&user).await;
                Order::Account(id, found.map(|person| party(person.extension, person.name)))
            }),
            Output::Event(sip::notifier::Event::Presence { user, .. }) => {
                self.board.say(&user, self.notifier.said(&user).as_ref());
            }
        }
    }

    /// Whether there is such a user, as the notifier asked.
    pub(super) fn account(&mut self, id: QuestionId, found: Option<Party>) {
        self.notifier.handle(Input::Answer(id, Answer::Account(found)), now());
        self.storage.changed(NOTIFIER);
    }
}

//! Who signs requests, and who guesses passwords.

use super::{Desk, party};
use crate::clock;
use crate::exchange::StartError;
use crate::exchange::mail::{Claim, Found, Order, Outgoing};
use crate::ports::Accounts;
use crate::store::key::random_word;
use axum::extract::ws::close_code;
use sip::digest::Ha1s;
use sip::registrar::{Flow, Secrets};

/// How often a connection may send wrong credentials.
const MAX_REJECTED: u32 = 10;
/// Whether an attempt was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    Counted,
    None,
}

impl Desk {
    /// What a claim is checked with, and whether that is a guess that counts. Asked when the secrets are there, one
    /// after the other, so that guesses made at the same time are counted before the next is looked at.
    pub(super) fn weigh(&self, claim: &Claim, secrets: Secrets) -> (Secrets, Guess) {
        let Some(connection) = self.connections.get(&claim.flow) else { return (secrets, Guess::None) };
        if connection.proved.contains_key(&claim.user) {
            return (secrets, Guess::None);
        }
        match self.guesses.attempt(&claim.user, connection.address) {
            Ok(()) => (secrets, Guess::Counted),
            Err(_) => (self.nobody.clone(), Guess::None),
        }
    }

    /// A claim was checked: `silent` when nobody waits for it any more.
    pub(super) fn judged(&mut self, claim: &Claim, secrets: &Secrets, guess: Guess, silent: bool, rejected: bool) {
        let Some(connection) = self.connections.get_mut(&claim.flow) else { return };
        if rejected {
            connection.proved.remove(&claim.user);
        } else if !silent {
            if guess == Guess::Counted {
                self.guesses.succeeded(&claim.user, connection.address);
            }
            if connection.proved.is_empty() {
                // A full queue closes the connection at the next message.
                let _ = connection.queue.try_send(Outgoing::Admitted);
            }
            if connection.proved.get(&claim.user) != Some(&secrets.ha1s) {
                connection.proved.insert(claim.user.clone(), secrets.ha1s.clone());
            }
        }
    }

    /// Spares the next look-up of who signed with the right password.
    pub(super) fn remember(&mut self, claim: &Claim, secrets: &Secrets, age: u64) {
        if self.connections.get(&claim.flow).is_some_and(|connection| connection.proved.contains_key(&claim.user)) {
            self.known.remember(&claim.user, secrets, age, clock::now());
            if age != self.known.age() {
                // An account changed meanwhile: perhaps this one.
                self.look_up_again([claim.user.clone()].into(), None);
            }
        }
    }

    /// Looks up what a signed request is checked with; not while its user or its address has to wait.
    pub(super) fn look_up_secrets(&self, user: String, order: impl FnOnce(Claim, Found) -> Order + Send + 'static) {
        // Such a question is raised by a message, and by nothing else.
        let Some(flow) = self.speaker else { return };
        let Some(connection) = self.connections.get(&flow) else { return };
        let proved = connection.proved.contains_key(&user);
        let age = self.known.age();
        // Strangers are looked up, known or not: how long that takes tells nothing.
        let known = if proved { self.known.get(&user, clock::now()).cloned() } else { None };
        let waits = !proved && self.guesses.wait(&user, connection.address).is_some();
        let (claim, nobody) = (Claim { flow, user }, self.nobody.clone());
        if let Some(secrets) = known.or_else(|| waits.then(|| nobody.clone())) {
            // Only the desk reads this queue, and it is this one.
            let _ = self.orders.send(order(claim, Found { secrets, age }));
            return;
        }
        self.look_up(move |accounts| async move {
            let known = secrets(&*accounts, &claim.user).await;
            order(claim, Found { secrets: known.unwrap_or(nobody), age })
        });
    }

    /// Closes a connection that guesses passwords.
    pub(super) fn rejected(&mut self, flow: Flow) {
        self.tally.rejected += 1;
        if let Some(connection) = self.connections.get_mut(&flow) {
            connection.rejected += 1;
            if connection.rejected >= MAX_REJECTED {
                let close = Outgoing::Close(close_code::POLICY, "too many wrong passwords");
                // A full queue closes it as well, when the queue is dropped.
                let _ = connection.queue.try_send(close);
                self.close(flow);
            }
        }
    }
}

/// The same work whether there is such a user or not.
async fn secrets(accounts: &dyn Accounts, user: &str) -> Option<Secrets> {
    let (ha1, person) = (accounts.ha1(user).await, accounts.by_extension(user).await);
    let (ha1, person) = ha1.zip(person)?;
    Some(Secrets { ha1s: ha1.into(), name: party(person.extension, person.name).name })
}

/// Secrets that no password has.
pub(super) fn nobody() -> Result<Secrets, StartError> {
    let word = |length| random_word(length).map_err(|_| StartError::Random);
    let ha1s = Ha1s { md5: Some(word(32)?), sha256: Some(word(64)?), sha512_256: None };
    Ok(Secrets { ha1s, name: None })
}

//! Whether a password is right, by the accounts of this server or by the company's PBX.

use super::Room;
use super::name::{Meant, meant};
use super::pbx::Unproven;
use crate::pbx::Pbx;
use crate::ports::{PbxSecret, SignedIn, Wait};
use crate::store::accounts::AccountError;
use crate::store::password::PasswordError;
use app::pages::login::LoginError;
use std::net::IpAddr;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Who may come in.
#[derive(Clone)]
pub(super) struct Entered {
    pub(super) person: SignedIn,
    /// They have to choose a password of their own first.
    pub(super) must_change: bool,
    /// What signs for them at the PBX.
    pub(super) secret: Option<PbxSecret>,
}

/// Nobody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// This is why.
    Told(LoginError),
    /// The storage does not answer.
    Storage,
}

/// Who it is that typed this.
pub(super) async fn enter(
    room: &Room,
    typed: &str,
    password: Zeroizing<String>,
    address: IpAddr,
) -> Result<Entered, Refused> {
    match meant(typed, &room.domains, &room.pbxs) {
        Meant::Elsewhere => Err(Refused::Told(LoginError::Elsewhere)),
        Meant::Here(extension) => here(room, extension, password, address).await,
        Meant::At(pbx, extension) => at(room, pbx, extension, password, address).await,
    }
}

/// The account of this server with this password; it counts as a guess if it is wrong.
pub(super) async fn proven(
    room: &Room,
    extension: &str,
    password: Zeroizing<String>,
    address: IpAddr,
) -> Result<SignedIn, Refused> {
    attempt(room, extension, address)?;
    match room.accounts.authenticate(extension, password).await {
        Ok(Some(person)) => {
            room.guesses.succeeded(extension, address);
            Ok(person)
        }
        Ok(None) => Err(Refused::Told(LoginError::Wrong)),
        Err(error) => {
            room.guesses.withdrawn(extension, address);
            Err(failed(&error))
        }
    }
}

async fn here(room: &Room, extension: &str, password: Zeroizing<String>, address: IpAddr) -> Result<Entered, Refused> {
    let person = proven(room, extension, password, address).await?;
    let account = room.accounts.get(person.account).await.map_err(|error| failed(&error))?;
    let initial = account.and_then(|account| account.initial_until);
    if initial.is_some_and(|until| until <= OffsetDateTime::now_utc().unix_timestamp()) {
        return Err(Refused::Told(LoginError::TooOld));
    }
    Ok(Entered { person, must_change: initial.is_some(), secret: None })
}

async fn at(
    room: &Room,
    pbx: &Pbx,
    extension: &str,
    password: Zeroizing<String>,
    address: IpAddr,
) -> Result<Entered, Refused> {
    attempt(room, extension, address)?;
    if extension.is_empty() {
        return Err(Refused::Told(LoginError::Wrong));
    }
    let secret = match room.pbxs.prove(pbx, extension, password).await {
        Ok(secret) => secret,
        Err(Unproven::Wrong) => return Err(Refused::Told(LoginError::Wrong)),
        Err(other) => {
            room.guesses.withdrawn(extension, address);
            return Err(Refused::Told(told(other)));
        }
    };
    room.guesses.succeeded(extension, address);
    match room.accounts.guest(&pbx.name, extension).await {
        Ok(Some(person)) => Ok(Entered { person, must_change: false, secret: Some(secret) }),
        // Disabled here, whatever the PBX says.
        Ok(None) => Err(Refused::Told(LoginError::Wrong)),
        Err(AccountError::Taken(_)) => {
            tracing::warn!(
                extension,
                pbx = pbx.name,
                "the extension belongs to another account or a group of this server"
            );
            Err(Refused::Told(LoginError::Taken))
        }
        Err(error) => Err(failed(&error)),
    }
}

fn attempt(room: &Room, extension: &str, address: IpAddr) -> Result<(), Refused> {
    room.guesses.attempt(extension, address).map_err(|wait| {
        tracing::warn!(%address, "login throttled");
        Refused::Told(throttled(wait))
    })
}

fn told(unproven: Unproven) -> LoginError {
    match unproven {
        Unproven::Wrong => LoginError::Wrong,
        Unproven::Throttled(wait) => throttled(wait),
        Unproven::Unreachable => LoginError::Unreachable,
        Unproven::Unsupported => LoginError::Unsupported,
        Unproven::Unasked => LoginError::Unasked,
        Unproven::Busy => LoginError::Busy,
    }
}

const fn throttled(wait: Wait) -> LoginError {
    LoginError::Throttled { seconds: wait.seconds() }
}

fn failed(error: &AccountError) -> Refused {
    if matches!(error, AccountError::Password(PasswordError::Busy)) {
        return Refused::Told(LoginError::Busy);
    }
    tracing::error!(%error, "login failed");
    Refused::Storage
}

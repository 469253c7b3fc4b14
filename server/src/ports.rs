//! What the rooms need of one another, as small traits: wired in `lib.rs`, so that no room imports another.

mod homes;
mod lamps;
mod mailboxes;
mod sessions;

pub use homes::{Home, Homes, OneHome};
pub use lamps::{Lamp, Lamps, presence};
pub use mailboxes::{Mailboxes, Waiting};
pub use sessions::{Ended, PbxSecret, PbxSecrets, SessionFacts, SessionId, SessionLife, Sessions, Standing};

use async_trait::async_trait;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use sip::message::{Request, Response, Status};
use sip::proxy::Route;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};

/// An account's number in the database: what an identity is, whatever its extension is renamed to.
pub type AccountId = i64;

/// Who is asking, once the session is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// Its extension.
    pub extension: String,
    /// Its name, for people.
    pub name: String,
}

/// The digest secrets of an account (RFC 7616 3.4.2): lower-case hex of H(user:realm:password).
#[derive(Clone, Serialize, Deserialize)]
pub struct Ha1 {
    /// With MD5.
    pub md5: String,
    /// With SHA-256.
    pub sha256: String,
}

impl From<Ha1> for sip::digest::Ha1s {
    fn from(ha1: Ha1) -> Self {
        Self { md5: Some(ha1.md5), sha256: Some(ha1.sha256), sha512_256: None }
    }
}

/// Accounts, as the exchange and the people room see them; implemented by `store`.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The account of an extension, if there is one and it is enabled.
    async fn by_extension(&self, extension: &str) -> Option<SignedIn>;
    /// This account, if there is one and it is enabled.
    async fn by_id(&self, account: AccountId) -> Option<SignedIn> {
        self.all().await.ok()?.into_iter().find(|person| person.account == account)
    }
    /// Every enabled account, by extension.
    async fn all(&self) -> Result<Vec<SignedIn>, PortError>;
    /// The digest secrets of an extension.
    async fn ha1(&self, extension: &str) -> Option<Ha1>;
}

/// What becomes of calls to a number, registered or not; implemented by `store`.
#[async_trait]
pub trait Routes: Send + Sync + 'static {
    /// Whom a number belongs to, and what is to be done with calls to it. Nothing is changed by asking.
    async fn route(&self, number: &str) -> Option<Route>;
    /// The same if it is remembered from before: so that most calls wait for nothing.
    fn known(&self, number: &str) -> Option<Route>;
    /// Does what a person dialled instead of a number ([`sip::proxy::Destination::Service`]); `None` when it is no code.
    async fn dialled(&self, caller: &str, number: &str) -> Option<Dialled>;
    /// The extensions that are not to be disturbed now.
    async fn quiet(&self) -> Result<BTreeSet<String>, PortError>;
    /// Fires when somebody is not to be disturbed any longer (`false`), or from now on (`true`).
    fn changes(&self) -> broadcast::Receiver<(String, bool)>;
    /// What the extensions say of themselves that say anything.
    async fn stated(&self) -> Result<BTreeMap<String, Stated>, PortError> {
        Ok(BTreeMap::new())
    }
    /// Fires when one of them says something else; of who says nothing any more the default.
    fn statements(&self) -> broadcast::Receiver<(String, Stated)> {
        broadcast::channel(1).1
    }
}

/// What a person says of themselves to their colleagues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// What they do.
    pub activity: Activity,
    /// Their words; empty for none.
    pub note: String,
}

/// What a person says that they do. Whether they are on the phone is seen, and not to be disturbed is a wish for their calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// Nothing that keeps them from their phone.
    #[default]
    Available,
    /// They are somewhere else.
    Away,
    /// They have no time.
    Busy,
}

/// What a phone that dialled a code is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialled {
    /// Always a refusal: there is no session.
    pub status: Status,
    /// The reason phrase, for the phone's display.
    pub words: String,
}

impl Dialled {
    /// This status with these words.
    #[must_use]
    pub fn new(status: Status, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    /// The response to the phone's INVITE.
    #[must_use]
    pub fn response(&self, invite: &Request) -> Response {
        let mut response = Response::to_request(invite, self.status);
        // What cannot stand in a reason phrase leaves the status' own.
        let _ = response.set_reason(&self.words);
        response
    }
}

/// What the exchange is doing, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Extensions with a phone that is registered.
    pub extensions: usize,
    /// Phones that are registered.
    pub registrations: usize,
    /// Calls that are up.
    pub calls: usize,
    /// Requests under way.
    pub transactions: usize,
    /// Connections of phones, and of lines that the server keeps itself.
    pub connections: usize,
    /// Messages that wait for the exchange.
    pub waiting: usize,
    /// Records that wait for the storage.
    pub unwritten: usize,
    /// Messages that came since the start.
    pub received: u64,
    /// Requests with wrong credentials since the start.
    pub rejected: u64,
    /// Connections that were cut off since the start because nobody read.
    pub slow: u64,
    /// What became of calls since the start.
    pub outcomes: BTreeMap<&'static str, u64>,
}

/// Who can say what the exchange is doing; implemented by `exchange`.
#[async_trait]
pub trait Census: Send + Sync + 'static {
    /// What it does now; `None` when it does not run any more.
    async fn census(&self) -> Option<Counted>;
}

/// How many tabs are open; implemented by `tabs`.
pub trait Tabs: Send + Sync + 'static {
    /// Those with a socket.
    fn open_tabs(&self) -> usize;
}

/// Which tab holds a line; implemented by `tabs`.
pub trait Leases: Send + Sync + 'static {
    /// Whether this epoch of the account's lease is the current one.
    fn current(&self, account: AccountId, epoch: u64) -> bool;
    /// Fires when a lease moved: sockets of that account with an older epoch must close.
    fn moved(&self) -> broadcast::Receiver<(AccountId, u64)>;
    /// A session is over: its tabs' sockets close, and the line, if one of them had it, is the next tab's at once.
    fn end(&self, ended: Ended);
    /// What the line last was, with its age in milliseconds.
    fn line(&self, account: AccountId) -> Option<(app::phone::LineState, u64)>;
}

/// What the caretaker says of the lines that it minds; implemented by `tabs`.
pub trait Minding: Send + Sync + 'static {
    /// What is known of the line now, before anything that follows from it leaves. False when the line moved meanwhile:
    /// nothing may leave then.
    fn keep(&self, account: AccountId, epoch: u64, kept: LineKept) -> bool;
    /// The caretaker has nothing to do for the line any more.
    fn over(&self, account: AccountId, epoch: u64, state: app::phone::LineState);
}

/// What the caretaker knows of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineKept {
    /// What every screen shows.
    pub state: app::phone::LineState,
    /// The agent, for the next holder.
    pub snapshot: Vec<u8>,
}

/// Keeps lines whose page is gone; implemented by `caretaker`.
pub trait Caretaker: Send + Sync + 'static {
    /// Keeps this line until its time is over, the line moves ([`Minding::keep`] says no), or nothing is left to lose.
    fn mind(&self, charge: Charge);
}

/// A line without a page, and what the caretaker needs to keep it.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Whose line it is.
    pub account: AccountId,
    /// The caretaker's own epoch.
    pub epoch: u64,
    /// What the line registers with.
    pub identity: app::lease::RegistrationIdentity,
    /// What the page left, as the package `line` writes it.
    pub snapshot: Vec<u8>,
    /// The line as the page showed it last.
    pub state: app::phone::LineState,
    /// How old the snapshot is, in milliseconds.
    pub age: u64,
    /// When its calls are ended, if nobody comes for them; a time of [`crate::clock`].
    pub until: u64,
}

/// Opens lines to where a line's registrar is; implemented by `exchange`, and by `bridge` for those of a PBX.
#[async_trait]
pub trait Uplinks: Send + Sync + 'static {
    /// A line that is already known to be this account's, for who holds it under this epoch; `None` when it cannot be had
    /// now.
    async fn open(&self, account: AccountId, epoch: u64, extension: &str) -> Option<Uplink>;
}

/// Whole SIP messages both ways. When either end is dropped, the line is closed.
#[derive(Debug)]
pub struct Uplink {
    /// To the registrar; bounded, and what does not fit closes the line.
    pub to: mpsc::Sender<Vec<u8>>,
    /// From the registrar.
    pub from: mpsc::Receiver<Vec<u8>>,
}

/// Signs challenges for the caretaker; implemented by `login`.
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// The signature that the page of this account would get; `None` when it would get none.
    async fn sign(&self, account: AccountId, wanted: app::sign::ToSign) -> Option<sip::digest::Credentials>;
}

/// What the exchange knows of every extension; implemented by `exchange`.
pub trait LineEvents: Send + Sync + 'static {
    /// What an extension is doing now.
    fn status(&self, extension: &str) -> app::phone::Status;
    /// Their words on it; empty for none.
    fn note(&self, _extension: &str) -> String {
        String::new()
    }
    /// Fires when it changes, or their words do.
    fn changes(&self) -> broadcast::Receiver<(String, app::phone::Status)>;
}

/// What an administrator set about media; implemented by `media`.
#[async_trait]
pub trait Media: Send + Sync + 'static {
    /// What holds for this account now, with credentials that are good from now on.
    ///
    /// # Errors
    /// [`PortError::Storage`].
    async fn media(&self, account: AccountId, extension: &str) -> Result<app::media::Media, PortError>;
    /// How long after [`Self::media`] a page is to have it anew; `None` when nothing of it runs out.
    fn renewal(&self) -> Option<Duration>;
    /// Fires when a policy changed.
    fn changed(&self) -> watch::Receiver<i64>;
}

/// What becomes of people's calls, as it is told to them; implemented by `people`.
#[async_trait]
pub trait CallWishes: Send + Sync + 'static {
    /// In words, for each of this person's settings that makes a difference.
    async fn told(&self, person: &SignedIn) -> Vec<String>;
    /// Fires when somebody's may be others.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// Who guesses passwords, wherever they are asked for; implemented by `login`.
pub trait Guesses: Send + Sync + 'static {
    /// How long an attempt at this extension from this address has to wait; asking does not count.
    fn wait(&self, extension: &str, address: IpAddr) -> Option<Wait>;
    /// Asks to try a password. The attempt counts as a failure until [`Self::succeeded`] takes it back.
    ///
    /// # Errors
    /// [`Wait`] when it is too early; such an attempt does not count.
    fn attempt(&self, extension: &str, address: IpAddr) -> Result<(), Wait>;
    /// The attempt was right.
    fn succeeded(&self, extension: &str, address: IpAddr);
    /// Nobody looked at the attempt: it was none.
    fn withdrawn(&self, extension: &str, address: IpAddr);
}

/// The next attempt may come after so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(pub u64);

impl Wait {
    /// In whole seconds, rounded up.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0.div_ceil(1000)
    }
}

/// What the exchange saw of calls; implemented by `store`.
#[async_trait]
pub trait CallLog: Send + Sync + 'static {
    /// Writes all of this, in its order, or nothing.
    async fn write(&self, seen: Vec<Seen>) -> Result<(), PortError>;
}

/// One thing that the exchange saw. Times are those of [`crate::clock`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A call was answered, or will not be.
    Call(SeenCall),
    /// A call of this extension that was answered is over.
    Ended {
        /// The extension.
        user: String,
        /// The call.
        call_id: String,
        /// When.
        at: u64,
    },
    /// After a restart: no other calls go on but those with these Call-IDs.
    Alive(Vec<String>),
}

/// A call of a person, as the exchange saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCall {
    /// The extension of the person.
    pub user: String,
    /// The call.
    pub call_id: String,
    /// The tag of the phone that called; of a call that came in none, as several phones may have rung.
    pub local_tag: String,
    /// Who began it.
    pub direction: app::phone::Direction,
    /// The other one.
    pub remote: app::phone::Party,
    /// When it began.
    pub begun: u64,
    /// When it was answered, if it was.
    pub answered: Option<u64>,
    /// When it ended; a call that was answered goes on.
    pub ended: Option<u64>,
    /// Why.
    pub reason: app::history::Reason,
}

/// Who calls; implemented by `contacts`.
#[async_trait]
pub trait Callers: Send + Sync + 'static {
    /// What this person's contacts and history say of the other end of a call; `None` when that is nothing.
    async fn caller(&self, account: AccountId, number: &str) -> Option<app::caller::Caller>;
}

/// Keeps what tabs and the caretaker report of calls; implemented by `store`.
#[async_trait]
pub trait CallHistory: Send + Sync + 'static {
    /// Keeps a call; `false` when it cannot be kept now, and is to be reported again.
    async fn report(&self, account: AccountId, report: app::history::Report) -> bool;
    /// How many calls the person has missed and not seen.
    async fn missed(&self, account: AccountId) -> Result<u32, PortError>;
    /// Fires with the account whose number of these may be another one.
    fn changes(&self) -> broadcast::Receiver<AccountId>;
}

/// The messages of people: what came is kept before it is answered, and what is to be sent is told to whoever has the line;
/// implemented by `store`.
#[async_trait]
pub trait Mail: Send + Sync + 'static {
    /// Keeps a message that came: the status that it is answered with; `None` when it cannot be kept now.
    async fn receive(&self, account: AccountId, message: app::messages::Received) -> Option<u16>;
    /// What became of a message that was sent; `false` when that cannot be kept now.
    async fn sent(&self, account: AccountId, sent: app::messages::Sent) -> bool;
    /// What is to be sent now, the oldest to each.
    async fn to_send(&self, account: AccountId) -> Result<Vec<app::messages::ToSend>, PortError>;
    /// What came that the person has not seen.
    async fn news(&self, account: AccountId) -> Result<app::messages::News, PortError>;
    /// Fires with the account of which either may be another one.
    fn changes(&self) -> broadcast::Receiver<AccountId>;
}

/// What stands behind the phone on its page; implemented by `messages`.
#[async_trait]
pub trait Behind: Send + Sync + 'static {
    /// What this address asks for; what is shown to a person is seen from then on.
    async fn page(&self, person: &SignedIn, parts: &Parts) -> Result<Shown, PortError>;
    /// How many messages this person has not seen.
    async fn unread(&self, person: &SignedIn) -> Result<u32, PortError>;
}

/// What stands behind the phone.
#[derive(Debug)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// This.
    Page(Box<app::pages::messages::MessagesView>),
    /// It is at this address.
    Elsewhere(String),
}

/// What the exchange has to know after a restart; implemented by `store`.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// All that was written and not removed, but for the texts of messages.
    async fn read(&self) -> Result<Kept, PortError>;
    /// Writes all of this, in its order, or nothing. It survives the process when this returns; if there are messages
    /// in it, it survives the machine. Says which messages are not written, as their recipients have no account.
    async fn write(&self, records: Vec<Record>) -> Result<Vec<i64>, PortError>;
    /// A stored message as it is delivered; `None` when it is not there (any more).
    async fn message(&self, id: i64) -> Result<Option<Vec<u8>>, PortError>;
}

/// One thing that is written down. Times are those of [`crate::clock`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Where the phones of a user are registered; `None` when nowhere. Of who has no account nothing is written.
    Bindings {
        /// The extension.
        user: String,
        /// All of them.
        saved: Option<Saved>,
    },
    /// A call that was answered; `None` when it is over.
    Call {
        /// Its number.
        number: u64,
        /// Who takes part.
        saved: Option<Saved>,
    },
    /// What a machine knows; `None` when that is nothing worth writing.
    Snapshot {
        /// Which machine.
        name: &'static str,
        /// What it knows.
        saved: Option<Saved>,
    },
    /// A message for who is offline.
    Message {
        /// Whose it is, and until when.
        envelope: Envelope,
        /// As it is delivered.
        request: Vec<u8>,
    },
    /// This message is not needed any more.
    Removed(i64),
}

/// What the exchange wrote, in a form that only it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// When.
    pub written: u64,
    /// What.
    pub bytes: Vec<u8>,
}

/// What is known of a stored message without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Its number: messages are delivered in the order of these.
    pub id: i64,
    /// The extension it is for.
    pub to: String,
    /// The extension it is from.
    pub from: String,
    /// How many bytes it has.
    pub size: usize,
    /// When it is not to be delivered any more.
    pub expires: u64,
}

/// What was there at a start. Nothing of accounts that are disabled, but for their messages.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The bindings of each user.
    pub bindings: Vec<(String, Saved)>,
    /// The calls.
    pub calls: Vec<(u64, Saved)>,
    /// The snapshots of machines, by name.
    pub snapshots: Vec<(String, Saved)>,
    /// The messages, in their order.
    pub messages: Vec<Envelope>,
}

/// A room could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The database did not answer.
    #[error("the storage did not answer")]
    Storage,
}

/// The ports, shared.
pub type Shared<T> = Arc<T>;

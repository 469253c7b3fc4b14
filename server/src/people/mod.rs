//! People: who can be called, and what they are doing.

use crate::ports::{
    AccountId, Accounts, Activity, CallHistory, CallWishes, Callers, Homes, Lamps, Leases, LineEvents, Mailboxes,
    Media, Routes, Shared, SignedIn, presence,
};
use crate::store::offers::Decisions;
use crate::store::sound::SoundSettings;
use app::backend::{Backend, BackendError, Contact, Mailbox, Opening, Wishes};
use app::words;
use async_trait::async_trait;
use sip::proxy::Destination;
use tokio::sync::watch;

/// How long a line's state is believed without a word of who has it, in milliseconds: as long as its calls are kept.
const FRESH: u64 = 20_000;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Everybody.
    pub accounts: Shared<dyn Accounts>,
    /// What the lines are doing.
    pub leases: Shared<dyn Leases>,
    /// Who is online and who is in a call.
    pub events: Shared<dyn LineEvents>,
    /// What is wanted with calls.
    pub routes: Shared<dyn Routes>,
    /// Fires when that changes.
    pub revisions: watch::Receiver<u64>,
    /// Where lines are at home.
    pub homes: Shared<dyn Homes>,
    /// What is set about media.
    pub media: Shared<dyn Media>,
    /// How long a call rings, in seconds.
    pub ringing_seconds: u32,
    /// What people want of sound and pictures.
    pub sound: SoundSettings,
    /// What an administrator decided about settings.
    pub decisions: Decisions,
    /// What calls were missed.
    pub history: Shared<dyn CallHistory>,
    /// What PBXs tell of colleagues.
    pub lamps: Shared<dyn Lamps>,
    /// What waits in mailboxes.
    pub mailboxes: Shared<dyn Mailboxes>,
    /// Who calls.
    pub callers: Shared<dyn Callers>,
}

#[async_trait]
impl Backend for Room {
    async fn opening(&self, account: AccountId) -> Result<Opening, BackendError> {
        let everybody = self.accounts.all().await.map_err(|_| BackendError::Storage)?;
        let (me, others): (Vec<_>, Vec<_>) = everybody.into_iter().partition(|person| person.account == account);
        let me = me.into_iter().next().ok_or(BackendError::NoAccount)?;
        let home = self.homes.home(account).await.map_err(|_| BackendError::Storage)?;
        let others = self.homes.neighbours(account, others).await.map_err(|_| BackendError::Storage)?;
        let mut line = match self.leases.line(account) {
            Some((line, age)) if age <= FRESH => line,
            Some((line, _)) => line.stale(),
            None => app::phone::LineState::default(),
        };
        // The exchange and the PBX know better than any tab's last word.
        let seen =
            |person: &SignedIn| presence((&*self.events, &*self.lamps), (account, &home), person.extension.clone());
        line.presence = others.iter().map(seen).collect();
        let mut callers = Vec::new();
        for call in &line.calls {
            callers.extend(self.callers.caller(account, &call.remote.number).await);
        }
        let policy = self.media.media(account, &me.extension).await.map_err(|_| BackendError::Storage)?;
        Ok(Opening {
            me: contact(me),
            domain: home.domain,
            dialect: home.dialect,
            contacts: others.into_iter().map(contact).collect(),
            line,
            policy,
            ringing_seconds: self.ringing_seconds,
            media: self.sound.read(account).await.map_err(|_| BackendError::Storage)?,
            offers: self.decisions.hold(account).await.map_err(|_| BackendError::Storage)?.offers(),
            missed: self.history.missed(account).await.map_err(|_| BackendError::Storage)?,
            unread: 0,
            dial: String::new(),
            callers,
        })
    }

    async fn wishes(&self, extension: &str) -> Wishes {
        let mailbox = self.mailbox(extension).await;
        let stated = self.routes.stated().await.unwrap_or_default().remove(extension).unwrap_or_default();
        match self.routes.route(extension).await.map(|route| route.destination) {
            Some(Destination::User(rules)) => Wishes {
                activity: if stated.activity == Activity::Available { "" } else { stated.activity.name() },
                note: stated.note,
                do_not_disturb: rules.do_not_disturb,
                no_call_waiting: rules.no_call_waiting,
                always: rules.always,
                busy: rules.busy,
                unanswered: rules.unanswered,
                unreachable: rules.unreachable,
                ringing_seconds: rules.ringing.map(|time| time.as_secs()),
                mailbox,
            },
            Some(Destination::Group(_) | Destination::Service | Destination::PickUp(_)) | None => {
                Wishes { mailbox, ..Wishes::default() }
            }
        }
    }
}

#[async_trait]
impl CallWishes for Room {
    async fn told(&self, person: &SignedIn) -> Vec<String> {
        let wishes = self.wishes(&person.extension).await;
        if wishes == Wishes::default() {
            return Vec::new();
        }
        // Who cannot be named is told by the number.
        let everybody = self.accounts.all().await.unwrap_or_default();
        let others = everybody.into_iter().filter(|other| other.account != person.account);
        words::wishes(&wishes, &others.map(contact).collect::<Vec<_>>())
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.revisions.clone()
    }
}

impl Room {
    async fn mailbox(&self, extension: &str) -> Mailbox {
        let Some(person) = self.accounts.by_extension(extension).await else { return Mailbox::Empty };
        match self.mailboxes.waiting(person.account) {
            None => Mailbox::Empty,
            Some(waiting) => waiting.new.map_or(Mailbox::Some, Mailbox::New),
        }
    }
}

fn contact(person: SignedIn) -> Contact {
    Contact { extension: person.extension, name: person.name }
}

//! What an administrator decided about settings, for everybody or for one account: what people set themselves, what is so for
//! good, and what they do not see. What was decided lies over what people set, and takes nothing of that away.

#[cfg(test)]
#[path = "offers/tests.rs"]
mod postgres_tests;
#[cfg(test)]
mod tests;
mod value;

pub use value::{InvalidSetting, parse_setting, parse_value};

use super::calling::RulesChange;
use super::{Area, Store, storable};
use crate::ports::AccountId;
use app::offers::{Offer, Offers, Setting};
use app::sound::{DeviceKind, MediaSettings, Ringtone};
use sip::proxy::Rules;
use std::collections::BTreeMap;
use std::time::Duration;
use value::{NONE, ON};

/// What was decided about one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who sets it.
    pub offer: Offer,
    /// What it is set to; `None` for what each person had set. Never of one that is offered.
    pub value: Option<String>,
}

/// What was decided about the settings of one account, or of everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided(BTreeMap<Setting, Decision>);

/// The decisions in the database.
#[derive(Clone)]
pub struct Decisions {
    store: Store,
}

/// A decision cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// Nobody has this extension.
    #[error("there is no extension {0}")]
    Missing(String),
    /// Not what the setting can be.
    #[error(transparent)]
    Value(#[from] InvalidSetting),
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Storage(#[from] sqlx::Error),
}

type Row = (Option<AccountId>, String, String, Option<String>);

impl Decisions {
    /// The decisions of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// What was decided for the person with this extension alone, or for everybody.
    ///
    /// # Errors
    /// [`DecisionError`].
    pub async fn set_for(&self, extension: Option<&str>) -> Result<Decided, DecisionError> {
        let mut connection = self.store.pool().acquire().await?;
        let account = account(&mut connection, extension).await?;
        let query =
            "SELECT account, setting, offer, value FROM setting_offers WHERE COALESCE(account, 0) = COALESCE($1, 0)";
        let rows: Vec<Row> = sqlx::query_as(query).bind(account).fetch_all(&mut *connection).await?;
        Ok(Decided::of_rows(rows))
    }

    /// For whom something else was decided than for everybody, by extension.
    ///
    /// # Errors
    /// [`DecisionError::Storage`].
    pub async fn exceptions(&self) -> Result<Vec<(String, Decided)>, DecisionError> {
        let query = "SELECT extension, setting, offer, value FROM setting_offers
                     JOIN accounts ON accounts.id = account ORDER BY extension";
        let rows: Vec<(String, String, String, Option<String>)> =
            sqlx::query_as(query).fetch_all(self.store.pool()).await?;
        let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for (extension, setting, offer, value) in rows {
            found.entry(extension).or_default().push((None, setting, offer, value));
        }
        Ok(found.into_iter().map(|(extension, rows)| (extension, Decided::of_rows(rows))).collect())
    }

    /// What holds for an account.
    ///
    /// # Errors
    /// The database's.
    pub async fn hold(&self, account: AccountId) -> Result<Decided, sqlx::Error> {
        let mut connection = self.store.pool().acquire().await?;
        holding(&mut connection, account).await
    }

    /// Decides about a setting of the person with this extension, or of everybody; with `None` nothing is decided there any
    /// more.
    ///
    /// # Errors
    /// [`DecisionError`].
    pub async fn decide(
        &self,
        extension: Option<&str>,
        setting: Setting,
        decision: Option<Decision>,
    ) -> Result<(), DecisionError> {
        let mut transaction = self.store.write(Area::Calling).await?;
        let account = account(&mut transaction, extension).await?;
        let clear = "DELETE FROM setting_offers WHERE COALESCE(account, 0) = COALESCE($1, 0) AND setting = $2";
        sqlx::query(clear).bind(account).bind(setting.name()).execute(&mut *transaction).await?;
        if let Some(Decision { offer, value }) = decision {
            let value = value.map(|value| parse_value(setting, &value)).transpose()?;
            let write = "INSERT INTO setting_offers (account, setting, offer, value) VALUES ($1, $2, $3, $4)";
            let write =
                sqlx::query(write).bind(account).bind(setting.name()).bind(value::offer_name(offer)).bind(value);
            write.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

impl Decided {
    /// Those of an account come behind those of everybody. What this version does not know is left out.
    fn of_rows(rows: Vec<Row>) -> Self {
        let decided = rows.into_iter().filter_map(|(_, setting, offer, value)| {
            let (setting, offer) = (Setting::named(&setting)?, value::offer(&offer)?);
            let value = value.filter(|_| offer != Offer::Offered);
            Some((setting, Decision { offer, value: value.and_then(|value| parse_value(setting, &value).ok()) }))
        });
        Self(decided.collect())
    }

    /// Each setting about which something was decided.
    pub fn iter(&self) -> impl Iterator<Item = (Setting, &Decision)> {
        self.0.iter().map(|(setting, decision)| (*setting, decision))
    }

    /// Who sets what.
    #[must_use]
    pub fn offers(&self) -> Offers {
        self.iter().fold(Offers::default(), |offers, (setting, decision)| offers.with(setting, decision.offer))
    }

    fn value(&self, setting: Setting) -> Option<&str> {
        self.0.get(&setting)?.value.as_deref()
    }

    /// Whether a setting is on, for who chose it so.
    #[must_use]
    pub fn switch(&self, setting: Setting, chosen: bool) -> bool {
        self.value(setting).map_or(chosen, |value| value == ON)
    }

    /// What becomes of the calls of a person at `own` who wants this.
    #[must_use]
    pub fn rules(&self, wanted: Rules, own: &str) -> Rules {
        let number = |setting, chosen| match self.value(setting) {
            None => chosen,
            // What all calls go to is a phone that rings.
            Some(number) => Some(number).filter(|number| *number != NONE && *number != own).map(str::to_owned),
        };
        let ringing = match self.value(Setting::Ringing) {
            None => wanted.ringing,
            Some(seconds) => seconds.parse().ok().map(Duration::from_secs),
        };
        Rules {
            do_not_disturb: self.switch(Setting::DoNotDisturb, wanted.do_not_disturb),
            no_call_waiting: !self.switch(Setting::CallWaiting, !wanted.no_call_waiting),
            always: number(Setting::DivertAlways, wanted.always),
            busy: number(Setting::DivertBusy, wanted.busy),
            unanswered: number(Setting::DivertUnanswered, wanted.unanswered),
            unreachable: number(Setting::DivertUnreachable, wanted.unreachable),
            ringing,
        }
    }

    /// Of what a person wants to change, that which they may.
    #[must_use]
    pub fn allowed(&self, change: RulesChange) -> RulesChange {
        let offers = self.offers();
        RulesChange {
            do_not_disturb: change.do_not_disturb.filter(|_| offers.offers(Setting::DoNotDisturb)),
            no_call_waiting: change.no_call_waiting.filter(|_| offers.offers(Setting::CallWaiting)),
            always: change.always.filter(|_| offers.offers(Setting::DivertAlways)),
            busy: change.busy.filter(|_| offers.offers(Setting::DivertBusy)),
            unanswered: change.unanswered.filter(|_| offers.offers(Setting::DivertUnanswered)),
            unreachable: change.unreachable.filter(|_| offers.offers(Setting::DivertUnreachable)),
            ringing: change.ringing.filter(|_| offers.offers(Setting::Ringing)),
        }
    }

    /// The sound and pictures of a person who wants this.
    #[must_use]
    pub fn sound(&self, mut wanted: MediaSettings) -> MediaSettings {
        for kind in DEVICES {
            if let Some(label) = self.value(kind.into()) {
                wanted.choose(kind, if label == NONE { "" } else { label });
            }
        }
        let volume = |setting, chosen| self.value(setting).and_then(|value| value.parse().ok()).unwrap_or(chosen);
        MediaSettings {
            echo_cancellation: self.switch(Setting::EchoCancellation, wanted.echo_cancellation),
            noise_suppression: self.switch(Setting::NoiseSuppression, wanted.noise_suppression),
            auto_gain: self.switch(Setting::AutoGain, wanted.auto_gain),
            keep_open: self.switch(Setting::KeepOpen, wanted.keep_open),
            call_volume: volume(Setting::CallVolume, wanted.call_volume),
            ring_volume: volume(Setting::RingVolume, wanted.ring_volume),
            ringtone: self.value(Setting::Ringtone).map_or(wanted.ringtone, Ringtone::named),
            ..wanted
        }
    }

    /// Of what a person wants of sound and pictures, that which they may change; the rest stays as it was `before`.
    #[must_use]
    pub fn allowed_sound(&self, wanted: MediaSettings, before: MediaSettings) -> MediaSettings {
        let offers = self.offers();
        let mut kept = wanted.clone();
        for kind in DEVICES {
            if !offers.offers(kind.into()) {
                kept.choose(kind, before.device(kind));
            }
        }
        fn choice<T>(offers: Offers, setting: Setting, wanted: T, before: T) -> T {
            if offers.offers(setting) { wanted } else { before }
        }
        MediaSettings {
            echo_cancellation: choice(
                offers,
                Setting::EchoCancellation,
                wanted.echo_cancellation,
                before.echo_cancellation,
            ),
            noise_suppression: choice(
                offers,
                Setting::NoiseSuppression,
                wanted.noise_suppression,
                before.noise_suppression,
            ),
            auto_gain: choice(offers, Setting::AutoGain, wanted.auto_gain, before.auto_gain),
            keep_open: choice(offers, Setting::KeepOpen, wanted.keep_open, before.keep_open),
            call_volume: choice(offers, Setting::CallVolume, wanted.call_volume, before.call_volume),
            ring_volume: choice(offers, Setting::RingVolume, wanted.ring_volume, before.ring_volume),
            ringtone: choice(offers, Setting::Ringtone, wanted.ringtone, before.ringtone),
            ..kept
        }
    }
}

const DEVICES: [DeviceKind; 4] = [DeviceKind::Microphone, DeviceKind::Speaker, DeviceKind::Ringer, DeviceKind::Camera];

/// What holds for an account.
pub(super) async fn holding(connection: &mut sqlx::AnyConnection, account: AccountId) -> Result<Decided, sqlx::Error> {
    let query = "SELECT account, setting, offer, value FROM setting_offers WHERE account IS NULL OR account = $1
                 ORDER BY COALESCE(account, 0)";
    let rows: Vec<Row> = sqlx::query_as(query).bind(account).fetch_all(connection).await?;
    Ok(Decided::of_rows(rows))
}

/// What holds for each of these accounts, if anything was decided at all.
pub(super) async fn all(
    connection: &mut sqlx::AnyConnection,
    accounts: impl IntoIterator<Item = AccountId>,
) -> Result<Option<BTreeMap<AccountId, Decided>>, sqlx::Error> {
    let query = "SELECT account, setting, offer, value FROM setting_offers ORDER BY COALESCE(account, 0)";
    let rows: Vec<Row> = sqlx::query_as(query).fetch_all(connection).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let (everybody, own): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(account, ..)| account.is_none());
    let everybody = Decided::of_rows(everybody);
    let mut each: BTreeMap<AccountId, Decided> =
        accounts.into_iter().map(|account| (account, everybody.clone())).collect();
    for row in own {
        if let Some(decided) = row.0.and_then(|account| each.get_mut(&account)) {
            decided.0.extend(Decided::of_rows(vec![row]).0);
        }
    }
    Ok(Some(each))
}

async fn account(
    connection: &mut sqlx::AnyConnection,
    extension: Option<&str>,
) -> Result<Option<AccountId>, DecisionError> {
    let Some(extension) = extension else { return Ok(None) };
    let found = sqlx::query_scalar("SELECT id FROM accounts WHERE extension = $1").bind(storable(extension));
    let found: Option<AccountId> = found.fetch_optional(connection).await?;
    // What is quoted in an error has an end.
    found.map(Some).ok_or_else(|| DecisionError::Missing(extension.chars().take(64).collect()))
}

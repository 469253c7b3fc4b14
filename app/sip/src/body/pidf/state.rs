use super::{Activity, Basic, Presence};

/// What a person wants to know before calling: a presence document in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Availability {
    /// They may be called.
    Available,
    /// They are away from their phone.
    Away,
    /// They are busy, or their phone rings.
    Busy,
    /// They do not want to be called.
    DoNotDisturb,
    /// They are on the phone.
    OnThePhone,
    /// They cannot be reached.
    Offline,
    /// The document does not say.
    #[default]
    Unknown,
}

/// What servers and phones write into the note when they have no activity for it, or only `busy`.
const NOTES: [(&str, Availability); 8] = [
    ("on the phone", Availability::OnThePhone),
    ("in use", Availability::OnThePhone),
    ("on hold", Availability::OnThePhone),
    ("do not disturb", Availability::DoNotDisturb),
    ("dnd", Availability::DoNotDisturb),
    ("ringing", Availability::Busy),
    ("busy", Availability::Busy),
    ("away", Availability::Away),
];

impl Presence {
    /// The document in one word. The first rule that fits decides:
    ///
    /// | | What is said | Availability |
    /// | --- | --- | --- |
    /// | 1 | the activity `dnd` | do not disturb |
    /// | 2 | the activity `on-the-phone`; `alerting` | on the phone; busy |
    /// | 3 | a note that servers use for want of an activity: `On the phone` | what it says |
    /// | 4 | the activity `busy` | busy |
    /// | 5 | all tuples that say something are closed | offline |
    /// | 6 | a meeting, a performance, …; away, a meal, a journey, … or a note `Away` | busy; away |
    /// | 7 | a tuple is open, or the activity `available` | available |
    /// | 8 | nothing of it | unknown |
    ///
    /// Rules 1 to 4 come before 5, as Asterisk closes the tuple of a phone that is in use. `away` comes after
    /// it, as Asterisk calls a phone away that is not registered.
    #[must_use]
    pub fn state(&self) -> Availability {
        let class = self.person.activities.iter().map(class).max().unwrap_or(Class::Nothing);
        let noted = match class {
            Class::DoNotDisturb => return Availability::DoNotDisturb,
            Class::OnThePhone => return Availability::OnThePhone,
            Class::Ringing => return Availability::Busy,
            Class::Engaged => None,
            Class::Busy | Class::Away | Class::Available | Class::Nothing => self.noted(),
        };
        match (class, noted, self.basic()) {
            (_, Some(noted), _) if noted != Availability::Away => noted,
            (Class::Busy, ..) => Availability::Busy,
            (.., Some(Basic::Closed)) => Availability::Offline,
            (Class::Engaged, ..) => Availability::Busy,
            (Class::Away, ..) | (_, Some(_), _) => Availability::Away,
            (Class::Available, ..) | (.., Some(Basic::Open)) => Availability::Available,
            (.., None) => Availability::Unknown,
        }
    }

    /// What a note of the server's own says.
    fn noted(&self) -> Option<Availability> {
        let of_tuples = self.tuples.iter().flat_map(|tuple| &tuple.notes);
        let notes = self.person.notes.iter().chain(&self.notes).chain(of_tuples);
        notes.map(|note| note.trim()).find_map(|note| {
            // FreeSWITCH says with whom.
            let talks = note.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("talk "));
            let known = NOTES.iter().find(|(words, _)| words.eq_ignore_ascii_case(note));
            known.map(|(_, availability)| *availability).or(talks.then_some(Availability::OnThePhone))
        })
    }
}

/// What an activity means for a call; of several the last of this list counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Nothing,
    Available,
    Away,
    Engaged,
    Busy,
    Ringing,
    OnThePhone,
    DoNotDisturb,
}

fn class(activity: &Activity) -> Class {
    match activity {
        Activity::DoNotDisturb => Class::DoNotDisturb,
        Activity::OnThePhone => Class::OnThePhone,
        Activity::Ringing => Class::Ringing,
        Activity::Busy => Class::Busy,
        Activity::Appointment
        | Activity::Meeting
        | Activity::Performance
        | Activity::Presentation
        | Activity::Spectator
        | Activity::Steering
        | Activity::Worship => Class::Engaged,
        Activity::Away
        | Activity::Breakfast
        | Activity::Dinner
        | Activity::Holiday
        | Activity::InTransit
        | Activity::Lunch
        | Activity::Meal
        | Activity::PermanentAbsence
        | Activity::Playing
        | Activity::Shopping
        | Activity::Sleeping
        | Activity::Travel
        | Activity::Vacation => Class::Away,
        Activity::Available | Activity::LookingForWork | Activity::Tv | Activity::Working => Class::Available,
        // Digium's word for somebody who has set themselves unavailable.
        Activity::Other(words) if words == "unavailable" => Class::Away,
        Activity::Unknown | Activity::Other(_) => Class::Nothing,
    }
}

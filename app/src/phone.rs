//! Port 1: what the pages see of the phone, and what they ask of it.
//!
//! [`pair`] makes the two ends. The UI holds a [`Phone`]: it reads the reactive [`LineState`] and sends
//! [`Command`]s, which are never awaited: results and failures come back as state. The driver holds the
//! [`Line`]: it receives the commands and is the only one who writes the state, which is a projection of
//! what the SIP agent knows.

use crate::caller::Caller;
use crate::quality::Qualities;
use crate::sound::{DeviceKind, MediaSettings, Sound};
use futures::channel::mpsc;
use leptos::prelude::*;
use reactive_stores::{ArcStore, Store};
use serde::{Deserialize, Serialize};

pub use crate::picture::{Picture, Sends};
pub use crate::recorded::{Recorded, RecordingFailure, Tape};

/// How many commands may wait for the driver; a person cannot click faster than it drains them.
const COMMANDS: usize = 64;

/// A call of this line, named by the driver; unique for the life of the agent.
pub type CallKey = u64;

/// All that is known of one line: plain data, the same on the server, in watching tabs and in the tab that holds the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Store)]
pub struct LineState {
    /// Whether the line can make and take calls.
    pub registration: Registration,
    /// The calls that are up or coming up, oldest first.
    #[store(key: CallKey = |call| call.key)]
    pub calls: Vec<Call>,
    /// How the last call ended, until it is dismissed or the next call begins.
    pub ended: Option<Ended>,
    /// What was dialled last, empty if nothing was.
    pub dialled: String,
    /// What the contacts are doing, as far as known.
    #[store(key: String = |presence| presence.extension.clone())]
    pub presence: Vec<Presence>,
}

/// Whether the line can make and take calls, and if not, why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Registration {
    /// Nothing is known (yet, or any more).
    #[default]
    Unknown,
    /// The connection is being made, or the registration is under way.
    Connecting,
    /// Calls can be made and taken.
    Ready,
    /// The server cannot be reached; the phone keeps trying.
    Unreachable,
    /// The server refused the registration.
    Refused(Refusal),
    /// The page was not opened over HTTPS, so the browser gives it no microphone.
    Insecure,
    /// The browser has no WebRTC.
    NoWebRtc,
    /// The line was logged out.
    LoggedOut,
    /// The phone is off, as was asked, but the server could not be reached to end the session.
    StillLoggedIn,
    /// The page that holds the line is gone and may come back; the server keeps its calls for it meanwhile.
    Away,
}

/// Why the server refuses the registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The name or password is wrong, or nobody could sign.
    WrongCredentials,
    /// The server asks for a signature that this phone is not set up to give.
    Unanswerable,
    /// This phone is not wanted, by the SIP status.
    NotAllowed(u16),
    /// There is no such extension, by the SIP status.
    UnknownUser(u16),
    /// The phone or the server is not set up right, by the SIP status.
    Misconfigured(u16),
    /// The server asks to come back later.
    Busy,
    /// The server is in trouble, by the SIP status.
    ServerFailure(u16),
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Store)]
pub struct Call {
    /// Its name here.
    pub key: CallKey,
    /// Who began it.
    pub direction: Direction,
    /// The other party.
    pub remote: Party,
    /// Where it stands.
    pub phase: Phase,
    /// When it was answered, in milliseconds since 1970 by the holder's clock.
    pub answered_at: Option<u64>,
    /// Whether our microphone is muted.
    pub muted: bool,
    /// Whether our voice goes out.
    pub voice: Voice,
    /// Who put whom on hold.
    pub hold: Hold,
    /// How far our handing over of it is.
    pub handover: Option<Handover>,
    /// The keys that they pressed, as far as they came by INFO: the newest ones.
    pub digits: String,
    /// How it stands with pictures.
    pub picture: Picture,
    /// Nobody answers it, or did: it does that by itself, as it asked for and as the person wants it.
    pub unattended: bool,
    /// Whether it is part of the conference of this line.
    pub joined: bool,
    /// How it stands with recording it.
    pub recorded: Recorded,
}

impl Call {
    /// A call that stands so, of which nothing else is to be said.
    pub fn new(key: CallKey, direction: Direction, remote: Party, phase: Phase) -> Self {
        Self {
            key,
            direction,
            remote,
            phase,
            answered_at: None,
            muted: false,
            voice: Voice::default(),
            hold: Hold::default(),
            handover: None,
            digits: String::new(),
            picture: Picture::default(),
            unattended: false,
            joined: false,
            recorded: Recorded::default(),
        }
    }

    /// The id of the element that shows their picture.
    pub fn picture_id(key: CallKey) -> String {
        format!("picture-{key}")
    }

    /// The id of the element that shows our own picture.
    pub fn mirror_id(key: CallKey) -> String {
        format!("mirror-{key}")
    }
}

/// Whether our voice goes out in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Voice {
    /// It does, unless it is muted, as far as this is on us.
    #[default]
    Sent,
    /// The browser asks the person for the microphone, and nobody has answered yet.
    Asked,
    /// There is no microphone: the call goes one way.
    Missing(MediaFailure),
}

/// Who put whom on hold; both may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// We put them on hold, or are about to.
    pub here: bool,
    /// They put us on hold.
    pub there: bool,
}

/// How far it is that the other party is handed over to somebody else (RFC 3515).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handover {
    /// They were asked to call there, or do so.
    Asked,
    /// It rings there.
    Ringing,
    /// They were asked, and do not say what comes of it.
    Untold,
    /// It did not work, by this SIP status: of who was asked, or of who was called.
    Refused(u16),
}

impl Handover {
    /// Whether something is to come of it yet.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Asked | Self::Ringing)
    }
}

/// The call that keys and the large card are about: the one that a person talks in, else the newest one that they began,
/// else the newest one that is on hold, else one that is just ending. What rings here is beside it.
pub fn active(calls: &[Call]) -> Option<&Call> {
    let rank = |call: &Call| match call.phase {
        Phase::Connecting | Phase::Talking | Phase::Returning if call.hold.here => 2,
        Phase::Connecting | Phase::Talking | Phase::Returning => 4,
        Phase::Preparing | Phase::Calling | Phase::RingingThere | Phase::Answering => 3,
        Phase::Ending => 1,
        Phase::RingingHere => 0,
    };
    // Of several that are alike the last one counts.
    calls.iter().filter(|call| rank(call) > 0).max_by_key(|call| rank(call))
}

/// Who began a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// We called.
    Outgoing,
    /// We were called.
    Incoming,
}

/// A person or number at the other end; both fields come from the wire and are shown as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// What to dial to reach them.
    pub number: String,
    /// The name they or the directory gave, empty if none.
    pub name: String,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Outgoing: the microphone is being opened and the offer made.
    Preparing,
    /// Outgoing: the INVITE is out, nobody rings yet.
    Calling,
    /// Outgoing: it rings at the other end.
    RingingThere,
    /// Incoming: it rings here.
    RingingHere,
    /// Incoming: accepted here, the microphone is being opened.
    Answering,
    /// Answered; the sound is being connected.
    Connecting,
    /// Both sides are connected.
    Talking,
    /// Being taken down.
    Ending,
    /// Answered, and its sound was connected: it broke, or belonged to a page that is gone, and is being brought back.
    Returning,
}

impl Phase {
    /// Whether the call has our microphone, so that it can be muted.
    pub fn has_microphone(self) -> bool {
        matches!(self, Self::Connecting | Self::Talking | Self::Returning)
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The call that ended.
    pub key: CallKey,
    /// Who began it.
    pub direction: Direction,
    /// The other party.
    pub remote: Party,
    /// Why.
    pub cause: Cause,
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// We hung up.
    HungUpHere,
    /// They hung up.
    HungUpThere,
    /// We cancelled before they answered.
    CancelledHere,
    /// They cancelled before we answered: a missed call.
    CancelledThere,
    /// We declined.
    DeclinedHere,
    /// They declined.
    DeclinedThere,
    /// They are in another call, or do not want to be disturbed.
    Busy,
    /// Nobody answered within the ringing time.
    NoAnswer,
    /// Another phone of this extension took it.
    AnsweredElsewhere,
    /// It was declined on another phone of this extension.
    DeclinedElsewhere,
    /// We sent it on to this number.
    DivertedHere(String),
    /// It was sent on from another phone of this extension.
    DivertedElsewhere,
    /// There is no such number.
    NotFound,
    /// There is no such number any more.
    Gone,
    /// The number is not complete.
    Incomplete,
    /// They are to be reached at this number; empty if none is said.
    Redirected(String),
    /// They, or whoever guards them, do not want our calls.
    Unwanted,
    /// The server does not believe who we are.
    AuthenticationFailed,
    /// They cannot be reached now: no phone of theirs is on.
    Unavailable,
    /// Their phone could not take the call; its own words, if it gave any.
    NotAcceptable(String),
    /// We may not call this number.
    Forbidden,
    /// Our microphone or browser stands in the way.
    Media(MediaFailure),
    /// The connection broke, or the server did not answer.
    Network,
    /// Any other refusal, by its SIP status.
    Status(u16),
    /// It was passed on: the others talk to each other.
    Transferred,
    /// No browser can take what the other end describes.
    Unfit {
        /// What is wrong with it, in the words of the field.
        lacks: String,
        /// What an administrator can set, each once.
        remedies: Vec<String>,
    },
    /// A code was dialled: what came of it, in the server's words.
    Told(String),
    /// It ended while this phone was away.
    Away,
    /// As many calls are up here as there may be.
    TooMany,
}

/// What stands between a call and the microphone or the browser's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaFailure {
    /// The person or a policy refused the microphone.
    Denied,
    /// There is no microphone.
    NoDevice,
    /// Another program holds the microphone.
    DeviceBusy,
    /// No microphone does what is asked of it.
    Constraint,
    /// The page is not secure, so there are no devices.
    Insecure,
    /// The browser lacks what a call needs.
    Unsupported,
    /// The other end's session description could not be used.
    Description,
    /// No path for the sound was found, or it broke.
    Connectivity,
    /// Calls are to go over a relay, and none could be used.
    NoRelay,
}

/// What a contact is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Store)]
pub struct Presence {
    /// Whose it is.
    pub extension: String,
    /// What it says.
    pub status: Status,
    /// Their own words on it, empty for none. They come from whoever they are, and are shown as text.
    pub note: String,
    /// The number that picks up the call that rings there; empty while there is none, or it cannot be picked up.
    pub pick_up: String,
}

/// What is known of a contact; unknown is never shown as offline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Not known.
    #[default]
    Unknown,
    /// No phone of theirs is on.
    Offline,
    /// A phone of theirs is on.
    Online,
    /// In a call.
    InCall,
    /// A phone of theirs rings: the call can be picked up.
    Ringing,
    /// They say that they are away.
    Away,
    /// They say that they have no time.
    Busy,
    /// They do not want to be disturbed.
    DoNotDisturb,
}

/// Whether the call that rings at somebody's phone can be picked up here: unless it is one of these calls.
pub fn can_be_picked_up(presence: &Presence, calls: &[Call]) -> bool {
    presence.status == Status::Ringing
        && !presence.pick_up.is_empty()
        && calls.iter().all(|call| call.remote.number != presence.extension)
}

/// How this tab stands to the line: at most one tab of an extension holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seat {
    /// Not known yet: what is shown is what the server last heard.
    #[default]
    Unknown,
    /// This tab holds the line.
    Holding,
    /// Another tab holds it; this one shows its state and may take it over.
    Watching,
}

/// What a person can tell the phone to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Call this number, extension or address, and send this.
    Dial(String, Sends),
    /// Answer an incoming call, and send this.
    Answer(CallKey, Sends),
    /// Decline an incoming call.
    Decline(CallKey),
    /// End a call, in whatever phase it is.
    HangUp(CallKey),
    /// Mute or open our microphone in a call, and in those that are joined with it.
    Mute(CallKey, bool),
    /// Switch our camera on or off in a call.
    Camera(CallKey, bool),
    /// Share our screen in a call, or end that.
    Screen(CallKey, bool),
    /// The elements that show the pictures of a call are on the page: [`Call::picture_id`], [`Call::mirror_id`].
    Shown(CallKey),
    /// Ask the browser for the microphone again in a call that goes without it; or go on without it while it is asked.
    Voice(CallKey, bool),
    /// Put a call on hold, or go on with it, and so with those that are joined with it; all others are put on hold then.
    Hold(CallKey, bool),
    /// Record what is heard and said in a call, or end that.
    Record(CallKey, bool),
    /// Press a key of the telephone in a call: `0` to `9`, `*`, `#`, `A` to `D`.
    Digit(CallKey, char),
    /// Hand the other party of a call over to this number, extension or address.
    Transfer(CallKey, String),
    /// Send an incoming call on to this number, extension or address, without answering it.
    Divert(CallKey, String),
    /// Hand the other party of the one call over to that of the other.
    TransferTo(CallKey, CallKey),
    /// Join two calls in a conference, with those that are joined with either.
    Join(CallKey, CallKey),
    /// Take a call out of the conference, and put it on hold.
    Split(CallKey),
    /// Use the device with this id from now on, or the browser's choice if it is empty.
    Choose(DeviceKind, String),
    /// Have sound like this from now on.
    Sound(MediaSettings),
    /// Let the speaker or the ringer be heard.
    Try(DeviceKind),
    /// Let the person hear themselves, or end that.
    Trial(bool),
    /// Let the person see themselves, or end that.
    Mirror(bool),
    /// Ask the person whether calls may be shown while the page is not looked at.
    Notify,
    /// What was said of a device has been read.
    Noted,
    /// Put away the words about the last call.
    Dismiss,
    /// Move the line to this tab.
    UseHere,
    /// Unregister, then end the session.
    LogOut,
}

/// The UI's end.
#[derive(Clone)]
pub struct Phone {
    commands: mpsc::Sender<Command>,
    line: ArcStore<LineState>,
    seat: ArcRwSignal<Seat>,
    silent: ArcRwSignal<bool>,
    speaking: ArcRwSignal<Option<CallKey>>,
    qualities: ArcRwSignal<Qualities>,
    sound: ArcRwSignal<Sound>,
    levels: ArcRwSignal<(u8, u8)>,
    missed: ArcRwSignal<u32>,
    unread: ArcRwSignal<u32>,
    voicemail: ArcRwSignal<String>,
    callers: ArcRwSignal<Vec<Caller>>,
}

/// The driver's end.
pub struct Line {
    /// What the person asked for, in order.
    pub commands: mpsc::Receiver<Command>,
    /// The state that every view shows.
    pub state: ArcStore<LineState>,
    /// Whether this tab holds the line.
    pub seat: ArcRwSignal<Seat>,
    /// Whether the browser plays nothing of this page until somebody clicks.
    pub silent: ArcRwSignal<bool>,
    /// Who of the conference spoke last, in the tab that mixes it.
    pub speaking: ArcRwSignal<Option<CallKey>>,
    /// How well the calls are heard that are connected in this tab.
    pub qualities: ArcRwSignal<Qualities>,
    /// What this page knows of its sound.
    pub sound: ArcRwSignal<Sound>,
    /// How loud we and the other end are while the person tries it, in per cent.
    pub levels: ArcRwSignal<(u8, u8)>,
    /// How many calls were missed that the person has not seen in the history.
    pub missed: ArcRwSignal<u32>,
    /// How many messages came that the person has not seen. It begins with none; whoever knows better says so before anything is
    /// shown.
    pub unread: ArcRwSignal<u32>,
    /// The number of the voicemail, empty if there is none.
    pub voicemail: ArcRwSignal<String>,
    /// Who is at the other end of calls, as far as the server knows.
    pub callers: ArcRwSignal<Vec<Caller>>,
}

/// Makes the two ends, both beginning with `initial` and so many calls `missed`: the values that the server rendered, so that
/// the first client render equals the page.
pub fn pair(initial: LineState, missed: u32) -> (Phone, Line) {
    let (sender, receiver) = mpsc::channel(COMMANDS);
    let state = ArcStore::new(initial);
    let seat = ArcRwSignal::new(Seat::default());
    let silent = ArcRwSignal::new(false);
    let speaking = ArcRwSignal::new(None);
    let qualities = ArcRwSignal::new(Qualities::new());
    let sound = ArcRwSignal::new(Sound::default());
    let levels = ArcRwSignal::new((0, 0));
    let missed = ArcRwSignal::new(missed);
    let unread = ArcRwSignal::new(0);
    let voicemail = ArcRwSignal::new(String::new());
    let callers = ArcRwSignal::new(Vec::new());
    let line = Line {
        commands: receiver,
        state,
        seat,
        silent,
        speaking,
        qualities,
        sound,
        levels,
        missed,
        unread,
        voicemail,
        callers,
    };
    let phone = Phone {
        commands: sender,
        line: line.state.clone(),
        seat: line.seat.clone(),
        silent: line.silent.clone(),
        speaking: line.speaking.clone(),
        qualities: line.qualities.clone(),
        sound: line.sound.clone(),
        levels: line.levels.clone(),
        missed: line.missed.clone(),
        unread: line.unread.clone(),
        voicemail: line.voicemail.clone(),
        callers: line.callers.clone(),
    };
    (phone, line)
}

/// The phone that the context holds.
///
/// # Panics
/// When no [`Phone`] was provided: a defect of the program, not of its input.
pub fn use_phone() -> Phone {
    expect_context::<Phone>()
}

impl Phone {
    /// The line's state, for views.
    pub fn line(&self) -> Store<LineState> {
        self.line.clone().into()
    }

    /// How this tab stands to the line.
    pub fn seat(&self) -> RwSignal<Seat> {
        self.seat.clone().into()
    }

    /// Whether the browser plays nothing of this page until somebody clicks.
    pub fn silent(&self) -> RwSignal<bool> {
        self.silent.clone().into()
    }

    /// Who of the conference spoke last, in the tab that mixes it.
    pub fn speaking(&self) -> RwSignal<Option<CallKey>> {
        self.speaking.clone().into()
    }

    /// How well the calls are heard that are connected in this tab.
    pub fn qualities(&self) -> RwSignal<Qualities> {
        self.qualities.clone().into()
    }

    /// What this page knows of its sound.
    pub fn sound(&self) -> RwSignal<Sound> {
        self.sound.clone().into()
    }

    /// How loud we and the other end are while the person tries it, in per cent.
    pub fn levels(&self) -> RwSignal<(u8, u8)> {
        self.levels.clone().into()
    }

    /// How many calls were missed that the person has not seen in the history.
    pub fn missed(&self) -> RwSignal<u32> {
        self.missed.clone().into()
    }

    /// How many messages came that the person has not seen.
    pub fn unread(&self) -> RwSignal<u32> {
        self.unread.clone().into()
    }

    /// The number of the voicemail, empty if there is none, or as long as that is not known.
    pub fn voicemail(&self) -> RwSignal<String> {
        self.voicemail.clone().into()
    }

    /// Who is at the other end of calls, as far as the server knows.
    pub fn callers(&self) -> RwSignal<Vec<Caller>> {
        self.callers.clone().into()
    }

    /// Tells the driver to do something; whether it will hear it: a command is dropped when the driver is gone or swamped.
    pub fn send(&self, command: Command) -> bool {
        self.commands.clone().try_send(command).is_ok()
    }
}

impl LineState {
    /// What is left of a state that nobody vouches for any more: names stay, what may have changed is unknown.
    #[must_use]
    pub fn stale(mut self) -> Self {
        self.registration = Registration::Unknown;
        self.calls.clear();
        self.ended = None;
        for presence in &mut self.presence {
            presence.status = Status::Unknown;
            presence.note.clear();
        }
        self
    }
}
